//! `woadctl client list REALM`

use clap::Args;
use serde_json::json;

use super::Operator;
use crate::admin::{Pages, segment};
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let path = format!("/v1/realms/{}/clients", segment(&wanted.realm));
    let all = Pages::new(&operator.admin, path, "clients").all().await?;
    operator.output.show(&json!({ "clients": all }), |answer| {
        let rows = rows(answer, "clients", &["client_id", "client_name", "active", "grant_types", "created_at"]);
        columns(&["ID", "NAME", "ACTIVE", "GRANT TYPES", "CREATED"], &rows)
    })
}
