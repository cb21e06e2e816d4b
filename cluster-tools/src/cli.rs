//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{client, cluster, key, realm, token};
use crate::demo;
use crate::output::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed; nothing happened
  2  the command line can't be used
  3  no node answers, or it can't now; nothing happened
  4  whether it happened is not known";

/// Operates a cluster of Woad nodes.
#[derive(Parser)]
#[command(name = "woadctl", version, about, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// How answers are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which node to speak to. Any member will do.
#[derive(Args)]
pub(crate) struct Connection {
    /// Operations socket of a node on this machine. The variable is the node's own, so that one environment serves both.
    #[arg(
        long,
        global = true,
        env = "WOAD_OPERATIONS_SOCKET",
        value_name = "PATH",
        default_value = "/var/lib/woad/woad.sock"
    )]
    pub(crate) socket: PathBuf,
    /// Operations listener of a node, in place of its socket: https, or http to a loopback address (a tunnel's end).
    /// Needs an operator token.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// File with the operator token for --url. Without it, the variable `WOAD_ADMIN_TOKEN`.
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file with the authority that signed the certificate at --url. Without it, those of the system.
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The cluster and its members.
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Tokens by which nodes join.
    #[command(subcommand)]
    Token(token::Command),
    /// Realms: issuers, each with keys and clients of its own.
    #[command(subcommand)]
    Realm(realm::Command),
    /// Clients of a realm.
    #[command(subcommand)]
    Client(client::Command),
    /// Signing keys of a realm.
    #[command(subcommand)]
    Key(key::Command),
    /// Three nodes on this machine: they form a cluster, issue tokens, and lose their leader under load.
    Demo(demo::Wanted),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands_are_noun_and_verb() {
        for line in [
            "cluster init",
            "cluster init --bundle /root/bundle.json",
            "cluster status --output json",
            "cluster remove 3 --yes",
            "cluster transfer",
            "cluster transfer --to 2",
            "token create join",
            "token create join --ttl 30m",
            "realm create vo --issuer https://iam.example.org/ --host iam.example.org",
            "realm list --socket /tmp/woad.sock",
            "realm show vo",
            "client create vo --name job --scope wlcg",
            "client list vo",
            "client show vo id",
            "client update vo id --scope openid --allow-introspection false",
            "client enable vo id",
            "client disable vo id",
            "client delete vo id --yes",
            "client rotate-secret vo id --end-tokens --yes",
            "key list vo",
            "demo --check --env-file f --node-binary ./woad --keep",
            "--url http://127.0.0.1:9443 --token-file t cluster status",
        ] {
            let words = ["woadctl"].into_iter().chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for line in [
            "",
            "cluster",
            "cluster burn",
            "cluster remove",
            "cluster remove three",
            "token create join --ttl never",
            "token create join --ttl 0s",
            "realm create vo",
            "client create",
            "client update vo",
            "cluster status --output yaml",
            "cluster status --token-file t",
        ] {
            let words = ["woadctl"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
