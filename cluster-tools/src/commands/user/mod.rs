//! `woadctl user …`

mod attribute;
mod authority;
mod certificate;
mod create;
mod delete;
mod end_time;
mod fields;
mod link;
mod linked;
mod list;
mod sessions;
mod set_password;
mod set_status;
mod show;
mod ssh_key;
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
    /// One attribute of a person.
    #[command(subcommand)]
    Attribute(attribute::Command),
    /// One label of a person.
    #[command(subcommand)]
    Label(attribute::LabelCommand),
    /// Certificates by which a person is known.
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Public SSH keys of a person.
    #[command(subcommand)]
    SshKey(ssh_key::Command),
    /// Accounts of a person at other providers.
    #[command(subcommand)]
    LinkIdentity(linked::Command),
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
        Command::Attribute(command) => attribute::run(operator, command).await,
        Command::Label(command) => attribute::run_label(operator, command).await,
        Command::Certificate(command) => certificate::run(operator, command).await,
        Command::SshKey(command) => ssh_key::run(operator, command).await,
        Command::LinkIdentity(command) => linked::run(operator, command).await,
        Command::SetPassword(wanted) => set_password::run(operator, &wanted).await,
        Command::Link(wanted) => link::run(operator, &wanted).await,
        Command::Sessions(wanted) => sessions::run(operator, wanted).await,
    }
}
