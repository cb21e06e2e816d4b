//! `woadctl policy …`

mod create;
mod delete;
mod kinds;
mod list;
mod show;
mod update;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Operator;
use crate::admin::segment;
use crate::failure::Failure;
use crate::table::fields;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a scope policy: which scopes people may, or may not, have in their tokens.
    Create(create::Wanted),
    /// List the scope policies of a realm.
    List(list::Wanted),
    /// Show a scope policy.
    Show(Named),
    /// Change the fields that are named.
    Update(update::Wanted),
    /// Delete a scope policy.
    Delete(delete::Wanted),
}

/// A scope policy of a realm.
#[derive(Args)]
pub(crate) struct Named {
    /// The realm's id.
    realm: String,
    /// The policy's id.
    id: u64,
}

impl Named {
    fn path(&self) -> String {
        format!("/v1/realms/{}/scope-policies/{}", segment(&self.realm), self.id)
    }
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(wanted) => create::run(operator, wanted).await,
        Command::List(wanted) => list::run(operator, wanted).await,
        Command::Show(named) => show::run(operator, &named).await,
        Command::Update(wanted) => update::run(operator, wanted).await,
        Command::Delete(wanted) => delete::run(operator, wanted).await,
    }
}

const FIELDS: [(&str, &str); 8] = [
    ("id", "id"),
    ("description", "description"),
    ("rule", "rule"),
    ("for user", "user"),
    ("for group", "group"),
    ("matching", "matching"),
    ("scopes", "scopes"),
    ("created", "created_ms"),
];

fn table(policy: &Value) -> String {
    fields(policy, &FIELDS)
}
