//! `woadctl realm show ID`

use clap::Args;

use super::{Operator, table};
use crate::admin::{Call, segment};
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    operator.tell(Call::get(format!("/v1/realms/{}", segment(&wanted.realm))), table).await
}
