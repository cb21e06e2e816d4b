//! `woadctl user link REALM USER`

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{Named, Operator};
use crate::admin::Call;
use crate::commands::token::whole_seconds;
use crate::failure::Failure;
use crate::output::note;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// How long it is good for: 30m; at most 1h.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = whole_seconds)]
    ttl: Duration,
}

/// Nothing but the URL, for it may be piped on.
pub(crate) fn table(answer: &Value) -> String {
    if answer.get("url").is_some() { format!("{}\n", cell(answer, "url")) } else { String::new() }
}

pub(super) async fn run(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    let call = Call::post(format!("{}/set-password-link", wanted.named.path()));
    let answer = operator.call(call.with_body(json!({ "valid_seconds": wanted.ttl.as_secs() }))).await?;
    operator.output.show(&answer, table)?;
    note(&format!("good once, until {}; give it to that person alone", cell(&answer, "expires_ms")));
    Ok(())
}
