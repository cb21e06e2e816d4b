//! The command line.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::config::DEFAULT_FILE;
use crate::recover;

/// One node of a Woad cluster. Without a command: runs it.
#[derive(Debug, Parser)]
#[command(name = "woad", version, about)]
pub struct Cli {
    /// Configuration file. Default: /etc/woad/woad.toml if it exists, else the environment alone.
    #[arg(long, short, env = "WOAD_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the node until SIGTERM or SIGINT.
    Run,
    /// Check the configuration, the files it names and their modes, and print what was found. Exit code 1 if the node
    /// would not start.
    CheckConfig {
        /// The file to check, in place of --config.
        file: Option<PathBuf>,
    },
    /// Give up this node's data and join again as a new node: what is in the data folder is moved aside within it, and a
    /// join token (`woadctl cluster rejoin NODE` at a healthy node) lets it in. For a stopped node only.
    Rejoin {
        /// File with the join token. Default: the configured token, else standard input.
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Make a new cluster of this stopped node, when a quorum is lost for ever. Shows first what is lost by it. (Also:
    /// woadctl cluster recover)
    Recover(recover::Wanted),
    /// Print the configuration reference (docs/configuration.md).
    ConfigReference,
    /// Print the metrics reference (docs/metrics.md).
    MetricsReference,
}

impl Cli {
    /// The configuration file to read, if any.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let named = match &self.command {
            Some(Command::CheckConfig { file: Some(file) }) => Some(file.clone()),
            _ => self.config.clone(),
        };
        let default = Path::new(DEFAULT_FILE);
        named.or_else(|| default.exists().then(|| default.to_owned()))
    }
}
