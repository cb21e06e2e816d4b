//! `woadctl user sessions REALM USER`

use clap::Args;
use serde_json::Value;

use super::{Named, Operator};
use crate::admin::{Call, segment};
use crate::failure::Failure;
use crate::table::{cell, columns, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// End this one.
    #[arg(long, value_name = "SESSION", conflicts_with = "end_all")]
    end: Option<String>,
    /// End all of them, and every refresh and access token that applications hold in the person's name.
    #[arg(long)]
    end_all: bool,
}

fn ended(answer: &Value) -> String {
    format!("{} ended\n", cell(answer, "ended"))
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let path = format!("{}/sessions", wanted.named.path());
    if wanted.end_all {
        return operator.tell(Call::delete(path), ended).await;
    }
    if let Some(session) = &wanted.end {
        return operator.tell(Call::delete(format!("{path}/{}", segment(session))), ended).await;
    }
    operator
        .tell(Call::get(path), |answer| {
            let members = ["id", "created_ms", "last_seen_ms", "ends_ms", "address", "user_agent"];
            let headings = ["SESSION", "SIGNED IN", "LAST SEEN", "ENDS", "ADDRESS", "BROWSER"];
            columns(&headings, &rows(answer, "sessions", &members))
        })
        .await
}
