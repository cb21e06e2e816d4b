//! `woadctl policy list REALM`

use clap::Args;

use super::Operator;
use crate::admin::{Call, segment};
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::get(format!("/v1/realms/{}/scope-policies", segment(&wanted.realm)));
    operator
        .tell(call, |answer| {
            let members = ["id", "rule", "user", "group", "matching", "scopes", "description"];
            let rows = rows(answer, "scope_policies", &members);
            columns(&["ID", "RULE", "USER", "GROUP", "MATCHING", "SCOPES", "DESCRIPTION"], &rows)
        })
        .await
}
