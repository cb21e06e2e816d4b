//! `woadctl cluster remove NODE`

use clap::Args;

use super::{Operator, warn_of_even};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::output::{Format, note, write};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The member's id.
    node: u64,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let node = wanted.node;
    wanted.confirmation.ask(&format!("Remove node {node}? It can't come back with its data."))?;
    operator.call(Call::delete(format!("/v1/cluster/members/{node}"))).await?;
    match operator.output {
        Format::Table => write(&format!("node {node} is removed\n"))?,
        Format::Json => write(&format!("{{\"removed\": {node}}}\n"))?,
    }
    note("a copy of its data and keys still opens the cluster: destroy them");
    if let Ok(status) = operator.call(Call::get("/v1/cluster")).await {
        warn_of_even(&status);
    }
    Ok(())
}
