//! `woadctl manager …`

use clap::Subcommand;
use serde_json::Value;

use super::Operator;
use super::group::Named;
use super::member::{Pair, remove};
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Let a person manage the members of a group.
    Add(Pair),
    /// Take that from them again.
    Remove(Pair),
    /// List the managers of a group.
    List(Named),
}

fn table(answer: &Value) -> String {
    columns(&["USER NAME", "ID"], &rows(answer, "managers", &["user_name", "user"]))
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(pair) => operator.tell(Call::put(pair.path("managers")), table).await,
        Command::Remove(pair) => remove(operator, &pair, "managers").await,
        Command::List(group) => operator.tell(Call::get(format!("{}/managers", group.path())), table).await,
    }
}
