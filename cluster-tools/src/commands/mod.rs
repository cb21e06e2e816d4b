//! The operator's commands, one a file.

mod again;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod key;
pub(crate) mod realm;
pub(crate) mod token;

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
        Command::Key(command) => key::run(&operator, command).await,
        Command::Demo(_) => Ok(()),
    }
}
