//! `woadctl explain …`

mod token;

use clap::Subcommand;

use super::Operator;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say which scopes a token would get, and of each why. Issues nothing.
    Token(token::Wanted),
}

pub(crate) async fn run(operator: &Operator, Command::Token(wanted): Command) -> Result<(), Failure> {
    token::run(operator, wanted).await
}
