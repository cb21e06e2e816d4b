//! `woadctl`: operates a cluster of `woad` nodes, and shows one at work (`woadctl demo`).

mod admin;
mod chain;
mod cli;
mod commands;
mod confirm;
mod demo;
mod failure;
mod output;
mod password;
mod private_file;
mod table;
mod transfer;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Format;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.output;
    match command(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when standard error is closed.
            let _ = match format {
                Format::Table => writeln!(io::stderr(), "woadctl: {failure}"),
                Format::Json => writeln!(io::stderr(), "{}", failure.to_json()),
            };
            ExitCode::from(failure.exit_code())
        }
    }
}

fn command(cli: Cli) -> Result<(), Failure> {
    // Refused only when one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Machine)?;
    runtime.block_on(commands::run(cli))
}
