//! `woadctl user list REALM`

use clap::Args;
use serde_json::json;

use super::{Operator, view};
use crate::admin::{Pages, segment};
use crate::failure::Failure;
use crate::table::{columns, list};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// Only those with this e-mail address.
    #[arg(long, value_name = "MAIL")]
    email: Option<String>,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let path = format!("/v1/realms/{}/users", segment(&wanted.realm));
    let path = match &wanted.email {
        Some(email) => format!("{path}?email={}", segment(email)),
        None => path,
    };
    let all = Pages::new(&operator.admin, path, "users").all().await?;
    operator.output.show(&json!({ "users": all }), |answer| {
        let rows: Vec<_> = list(answer, "users").iter().map(view::row).collect();
        columns(&["ID", "USER NAME", "NAME", "STATUS", "E-MAIL"], &rows)
    })
}
