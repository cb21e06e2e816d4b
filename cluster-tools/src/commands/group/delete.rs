//! `woadctl group delete REALM GROUP`

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
    let Named { realm, group } = &wanted.named;
    wanted.confirmation.ask(&format!("Delete group {group} of realm {realm}?"))?;
    operator.call(Call::delete(wanted.named.path())).await?;
    let deleted = json!({ "deleted": group });
    operator.output.show(&deleted, |deleted| format!("group {} is deleted\n", cell(deleted, "deleted")))
}
