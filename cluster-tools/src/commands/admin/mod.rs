//! `woadctl admin …`

mod create;

use clap::Subcommand;

use super::Operator;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make the first administrator of a realm, and print a page's URL, good once, where they set their password.
    Create(create::Wanted),
}

pub(crate) async fn run(operator: &Operator, Command::Create(wanted): Command) -> Result<(), Failure> {
    create::run(operator, wanted).await
}
