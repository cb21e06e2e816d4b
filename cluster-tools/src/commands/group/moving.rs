//! `woadctl group move REALM GROUP`

use clap::Args;
use serde_json::json;

use super::{Named, Operator, table};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// The group that it will be below, by id or full name.
    #[arg(long, value_name = "GROUP", required_unless_present = "top")]
    to: Option<String>,
    /// Move it to the top of the tree.
    #[arg(long, conflicts_with = "to")]
    top: bool,
}

pub(super) async fn run(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    let path = format!("{}/parent", wanted.named.path());
    let call = match &wanted.to {
        Some(parent) => Call::put(path).with_body(json!({ "parent": parent })),
        None => Call::delete(path),
    };
    operator.tell(call, table).await
}
