//! `woadctl cluster recover`: calls the program that holds the store, `woad recover`, since no node runs then.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The node's configuration file. Default: the node's own.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Go on: the id of the cluster whose quorum is lost. Without it, the survivor is only shown, and on a terminal the
    /// id is asked for.
    #[arg(long, value_name = "CLUSTER-ID")]
    yes: Option<OsString>,
    /// Leave tokens, sessions and refresh tokens as they are.
    #[arg(long)]
    keep_tokens: bool,
    /// Write the new recovery bundle to this new file, mode 0600. Default: to standard output.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// The program `woad`. Default: beside this one, or on the search path.
    #[arg(long, value_name = "PROGRAM")]
    woad: Option<PathBuf>,
}

fn program(named: Option<PathBuf>) -> PathBuf {
    let beside = || std::env::current_exe().ok().map(|own| own.with_file_name("woad")).filter(|path| path.is_file());
    named.or_else(beside).unwrap_or_else(|| PathBuf::from("woad"))
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    if operator.call(Call::get("/v1/cluster")).await.is_ok() {
        let why = "the node runs: stop it first, and only if its quorum is lost for ever (woadctl cluster status)";
        return Err(Failure::Usage(why.to_owned()));
    }
    let woad = program(wanted.woad);
    let mut command = Command::new(&woad);
    command.arg("recover");
    if let Some(config) = wanted.config {
        command.arg("--config").arg(config);
    }
    if let Some(id) = wanted.yes {
        command.arg("--yes").arg(id);
    }
    if wanted.keep_tokens {
        command.arg("--keep-tokens");
    }
    if let Some(bundle) = wanted.bundle {
        command.arg("--bundle").arg(bundle);
    }
    // Returns only when it can't be started.
    Err(Failure::File { path: woad, source: command.exec() })
}
