//! `woadctl audit erase NUMBER`

use clap::Args;
use serde_json::json;

use super::{Of, Operator};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The event's number in its chain.
    number: u64,
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let number = wanted.number;
    wanted.confirmation.ask(&format!("Erase what event {number} says? It can't be restored."))?;
    operator.call(Call::delete(format!("{}/{number}", wanted.of.path()))).await?;
    operator.output.show(&json!({ "erased": number }), |_| format!("event {number} is erased\n"))
}
