//! The command line.

use clap::{Parser, ValueEnum};

/// Breaks clusters of real processes on purpose, and says what they kept of their promises.
///
/// Everything happens in network, mount and process namespaces that it makes and that end with it. Exit status: 0 when
/// everything that must pass did, 1 when a promise was broken or a row not exercised, 2 when the lab itself failed.
#[derive(Clone, Debug, Parser)]
#[command(name = "woad-chaos")]
pub(crate) struct Cli {
    /// Which rows are played.
    #[arg(long, value_enum, default_value = "quick")]
    pub(crate) profile: Profile,
    /// Only these rows, by fault id, of either profile.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Lists the rows and plays none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Keeps the nodes' folders with their logs.
    #[arg(long)]
    pub(crate) keep: bool,
    /// A variable for the node processes, `NAME=VALUE`.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<String>,
    /// Plays the chosen rows that many times.
    #[arg(long, default_value_t = 1)]
    pub(crate) times: usize,
}

/// A choice of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Those that run with each change.
    Quick,
    /// All.
    Full,
}
