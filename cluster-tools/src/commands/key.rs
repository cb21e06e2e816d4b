//! `woadctl key list REALM`

use clap::{Args, Subcommand};

use super::Operator;
use crate::admin::{Call, segment};
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the signing keys of a realm, public halves only.
    List(Wanted),
}

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(crate) async fn run(operator: &Operator, Command::List(wanted): Command) -> Result<(), Failure> {
    let call = Call::get(format!("/v1/realms/{}/keys", segment(&wanted.realm)));
    operator
        .tell(call, |answer| {
            let rows = rows(answer, "keys", &["kid", "alg", "state", "created_ms"]);
            columns(&["KID", "ALG", "STATE", "CREATED"], &rows)
        })
        .await
}
