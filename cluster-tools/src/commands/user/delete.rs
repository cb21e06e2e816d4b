//! `woadctl user delete REALM USER`

use clap::Args;
use serde_json::json;

use super::{Named, Operator};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let Named { realm, user } = &wanted.named;
    wanted.confirmation.ask(&format!("Delete {user} of realm {realm}, and with them everything they have?"))?;
    operator.call(Call::delete(wanted.named.path())).await?;
    let deleted = json!({ "deleted": user });
    operator.output.show(&deleted, |deleted| format!("user {} is deleted\n", cell(deleted, "deleted")))
}
