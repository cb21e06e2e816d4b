//! The operator's commands, one a file.

pub(crate) mod admin;
mod again;
pub(crate) mod audit;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod group;
pub(crate) mod import;
pub(crate) mod input;
pub(crate) mod key;
mod labels;
pub(crate) mod manager;
pub(crate) mod member;
mod moment;
pub(crate) mod policy;
pub(crate) mod realm;
pub(crate) mod token;
pub(crate) mod user;

use serde_json::Value;

use crate::admin::{Admin, Call};
use crate::cli::{Cli, Command};
use crate::demo;
use crate::failure::Failure;
use crate::output::Format;

/// What a command stands on.
pub(crate) struct Operator {
    admin: Admin,
    output: Format,
}

impl Operator {
    async fn call(&self, call: Call) -> Result<Value, Failure> {
        self.admin.call(call).await
    }

    /// Asks, and shows the answer.
    async fn tell(&self, call: Call, table: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        self.output.show(&self.call(call).await?, table)
    }
}

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Demo(wanted) = cli.command {
        return Ok(demo::run(wanted).await?);
    }
    let operator = Operator { admin: Admin::new(&cli.connection)?, output: cli.output };
    match cli.command {
        Command::Cluster(command) => cluster::run(&operator, command).await,
        Command::Token(command) => token::run(&operator, command).await,
        Command::Realm(command) => realm::run(&operator, command).await,
        Command::Client(command) => client::run(&operator, command).await,
        Command::User(command) => user::run(&operator, command).await,
        Command::Group(command) => group::run(&operator, command).await,
        Command::Member(command) => member::run(&operator, command).await,
        Command::Manager(command) => manager::run(&operator, command).await,
        Command::Admin(command) => self::admin::run(&operator, command).await,
        Command::Policy(command) => policy::run(&operator, command).await,
        Command::Explain(command) => explain::run(&operator, command).await,
        Command::Import(wanted) => import::run(&operator, wanted).await,
        Command::Export(wanted) => export::run(&operator, wanted).await,
        Command::Audit(command) => audit::run(&operator, command).await,
        Command::Key(command) => key::run(&operator, command).await,
        Command::Demo(_) => Ok(()),
    }
}
