//! `woadctl member …`

mod add;
mod list;
mod remove;

use clap::{Args, Subcommand};

use super::Operator;
use super::group::Named;
use crate::admin::reference;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Put a person into a group, and into every group above it.
    Add(add::Wanted),
    /// Take a person out of a group, and out of every group below it.
    Remove(Pair),
    /// List the members of a group.
    List(Named),
}

/// A group and a person.
#[derive(Args)]
pub(crate) struct Pair {
    #[command(flatten)]
    pub(crate) group: Named,
    /// The person's id or user name.
    pub(crate) user: String,
}

impl Pair {
    /// Where the person is in one of the group's lists.
    pub(crate) fn path(&self, list: &str) -> String {
        format!("{}/{list}/{}", self.group.path(), reference(&self.user))
    }
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(wanted) => add::run(operator, &wanted).await,
        Command::Remove(pair) => remove::run(operator, &pair, "members").await,
        Command::List(group) => list::run(operator, &group).await,
    }
}

pub(crate) use remove::run as remove;
