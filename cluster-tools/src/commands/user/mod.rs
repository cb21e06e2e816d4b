//! `woadctl user …`

mod authority;
mod create;
mod delete;
mod end_time;
mod fields;
mod link;
mod list;
mod sessions;
mod set_password;
mod set_status;
mod show;
mod update;
mod view;

use clap::{Args, Subcommand};

use super::Operator;
use crate::admin::{reference, segment};
use crate::failure::Failure;

pub(crate) use link::table as link_table;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a person, who may sign in once they have a password (user link, user set-password).
    Create(create::Wanted),
    /// List the people of a realm.
    List(list::Wanted),
    /// Show a person with their groups. Never their password.
    Show(Named),
    /// Change the fields that are named.
    Update(update::Wanted),
    /// Delete a person: their name is free and their tokens are dead at once, what hangs on them goes in the background.
    Delete(delete::Wanted),
    /// Keep a person from signing in; their sessions and tokens are dead at every node.
    Suspend(Named),
    /// Let a suspended person sign in again. What they had before stays dead.
    Restore(Named),
    /// Set when an account ends; `never` clears it.
    SetEndTime(end_time::Wanted),
    /// Make a person an administrator or a reader of the realm.
    Grant(authority::Wanted),
    /// Take that from them again.
    Withdraw(authority::Wanted),
    /// Set a password, from a file or a prompt; ends their sessions and tokens.
    SetPassword(set_password::Wanted),
    /// Print a page's URL, good once, where the person sets their password.
    Link(link::Wanted),
    /// List a person's sessions, or end them.
    Sessions(sessions::Wanted),
}

/// A person of a realm.
#[derive(Args)]
pub(crate) struct Named {
    /// The realm's id.
    realm: String,
    /// The person's id or user name.
    user: String,
}

impl Named {
    fn path(&self) -> String {
        format!("/v1/realms/{}/users/{}", segment(&self.realm), reference(&self.user))
    }
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(wanted) => create::run(operator, wanted).await,
        Command::List(wanted) => list::run(operator, wanted).await,
        Command::Show(named) => show::run(operator, &named).await,
        Command::Update(wanted) => update::run(operator, wanted).await,
        Command::Delete(wanted) => delete::run(operator, wanted).await,
        Command::Suspend(named) => set_status::run(operator, &named, "suspend").await,
        Command::Restore(named) => set_status::run(operator, &named, "restore").await,
        Command::SetEndTime(wanted) => end_time::run(operator, &wanted).await,
        Command::Grant(wanted) => authority::grant(operator, &wanted).await,
        Command::Withdraw(wanted) => authority::withdraw(operator, &wanted).await,
        Command::SetPassword(wanted) => set_password::run(operator, &wanted).await,
        Command::Link(wanted) => link::run(operator, &wanted).await,
        Command::Sessions(wanted) => sessions::run(operator, wanted).await,
    }
}
