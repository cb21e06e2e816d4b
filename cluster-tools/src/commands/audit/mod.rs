//! `woadctl audit …`

mod erase;
mod export;
mod list;
mod retain;
mod verify;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Operator;
use crate::admin::{Call, segment};
use crate::failure::Failure;

/// Events of one page, as the node gives them at most.
const PAGE: u64 = 100;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show events, oldest first.
    List(list::Wanted),
    /// Write a chain as lines of JSON that `verify --file` can check later.
    Export(export::Wanted),
    /// Compute a chain and its checkpoints again. Exit code 1, and the first broken record named, unless it holds.
    Verify(verify::Wanted),
    /// Set for how long events are kept.
    Retain(retain::Wanted),
    /// Erase what an event says. That it was there, and when, stays, and the chain holds.
    Erase(erase::Wanted),
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(wanted) => list::run(operator, wanted).await,
        Command::Export(wanted) => export::run(operator, wanted).await,
        Command::Verify(wanted) => verify::run(operator, wanted).await,
        Command::Retain(wanted) => retain::run(operator, wanted).await,
        Command::Erase(wanted) => erase::run(operator, wanted).await,
    }
}

/// Which chain.
#[derive(Args, Clone)]
pub(crate) struct Of {
    /// The realm's id. Default: the cluster's own chain.
    #[arg(long, value_name = "REALM")]
    realm: Option<String>,
}

impl Of {
    fn path(&self) -> String {
        match &self.realm {
            Some(realm) => format!("/v1/realms/{}/audit", segment(realm)),
            None => "/v1/cluster/audit".to_owned(),
        }
    }

    async fn page(&self, operator: &Operator, from: u64, count: u64) -> Result<Value, Failure> {
        operator.call(Call::get(format!("{}?from={from}&count={count}", self.path()))).await
    }
}
