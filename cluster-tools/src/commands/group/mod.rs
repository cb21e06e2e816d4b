//! `woadctl group …`

mod create;
mod delete;
mod list;
mod moving;
mod show;
mod update;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Operator;
use super::labels::written;
use crate::admin::{reference, segment};
use crate::failure::Failure;
use crate::table::fields;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a group; the group above it must be there.
    Create(create::Wanted),
    /// List the groups of a realm.
    List(list::Wanted),
    /// Show a group.
    Show(Named),
    /// Change the fields that are named.
    Update(update::Wanted),
    /// Move a group, with all below it, to another place in the tree. Its members join the groups above.
    Move(moving::Wanted),
    /// Delete a group that has neither members nor subgroups.
    Delete(delete::Wanted),
}

/// A group of a realm.
#[derive(Args)]
pub(crate) struct Named {
    /// The realm's id.
    pub(crate) realm: String,
    /// The group's id, or its full name, such as `atlas/production`.
    pub(crate) group: String,
}

impl Named {
    /// Where the group is.
    pub(crate) fn path(&self) -> String {
        format!("/v1/realms/{}/groups/{}", segment(&self.realm), reference(&self.group))
    }
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(wanted) => create::run(operator, wanted).await,
        Command::List(wanted) => list::run(operator, wanted).await,
        Command::Show(named) => show::run(operator, &named).await,
        Command::Update(wanted) => update::run(operator, wanted).await,
        Command::Move(wanted) => moving::run(operator, &wanted).await,
        Command::Delete(wanted) => delete::run(operator, wanted).await,
    }
}

const FIELDS: [(&str, &str); 8] = [
    ("id", "id"),
    ("name", "full_name"),
    ("parent", "parent"),
    ("description", "description"),
    ("optional", "optional"),
    ("labels", "labels"),
    ("external id", "external_id"),
    ("created", "created_ms"),
];

fn table(group: &Value) -> String {
    let mut shown = group.clone();
    if let Some(labels) = shown.get_mut("labels") {
        *labels = written(group, "labels").into();
    }
    fields(&shown, &FIELDS)
}
