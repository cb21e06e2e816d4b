//! `woadctl policy delete REALM ID`

use clap::Args;
use serde_json::json;

use super::Operator;
use crate::admin::{Call, segment};
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// The policy's id.
    id: u64,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let Wanted { realm, id, confirmation } = wanted;
    confirmation
        .ask(&format!("Delete scope policy {id} of realm {realm}? Tokens issued from then on follow the rest."))?;
    operator.call(Call::delete(format!("/v1/realms/{}/scope-policies/{id}", segment(&realm)))).await?;
    let deleted = json!({ "deleted": id });
    operator.output.show(&deleted, |deleted| format!("policy {} is deleted\n", cell(deleted, "deleted")))
}
