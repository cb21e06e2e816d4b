//! `woadctl policy delete REALM ID`

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
    let Named { realm, id } = &wanted.named;
    wanted
        .confirmation
        .ask(&format!("Delete scope policy {id} of realm {realm}? Tokens issued from then on follow the rest."))?;
    operator.call(Call::delete(wanted.named.path())).await?;
    let deleted = json!({ "deleted": id });
    operator.output.show(&deleted, |deleted| format!("policy {} is deleted\n", cell(deleted, "deleted")))
}
