//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    admin, audit, client, cluster, explain, export, group, import, key, manager, member, policy, realm, token, user,
};
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
    /// File with the operator token for --url. Without it, the variable `WOAD_OPERATOR_TOKEN`.
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
    /// People of a realm.
    #[command(subcommand)]
    User(user::Command),
    /// Groups of a realm: a tree.
    #[command(subcommand)]
    Group(group::Command),
    /// Who is in a group.
    #[command(subcommand)]
    Member(member::Command),
    /// Who may manage a group's members.
    #[command(subcommand)]
    Manager(manager::Command),
    /// Administrators of a realm.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Scope policies of a realm: which scopes people may have in their tokens.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Why a token would have the scopes it would have.
    #[command(subcommand)]
    Explain(explain::Command),
    /// Make people and groups from a file of JSON lines. Run again, it goes on where it broke off.
    Import(import::Wanted),
    /// Write the people and groups of a realm to a file of JSON lines. Never passwords.
    Export(export::Wanted),
    /// Audit chains: what happened, and proof that it was not rewritten.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Signing keys of a realm.
    #[command(subcommand)]
    Key(key::Command),
    /// Three nodes on this machine: people are loaded and sign in, one is suspended, and the leader is killed under load.
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
            "realm update vo --display-name VO --logo-file logo.png --session-idle-seconds 600",
            "user create vo alice --given Alice --family Doe --email a@example.org --password-file -",
            "user create vo bot --service-account --suspended --end-time 2027-01-31T12:00:00Z",
            "user list vo --email a@example.org",
            "user show vo alice",
            "user update vo alice --user-name bob --label hr.cern/status=ok --attribute a=b",
            "user suspend vo alice",
            "user restore vo alice",
            "user set-end-time vo alice never",
            "user grant vo alice administrator",
            "user withdraw vo alice reader",
            "user set-password vo alice --file -",
            "user link vo alice --ttl 30m",
            "user sessions vo alice --end-all",
            "user delete vo alice --yes",
            "group create vo atlas/production --description d --label wlcg.optional-group",
            "group list vo",
            "group show vo atlas/production",
            "group update vo atlas --leaf cms --no-labels",
            "group delete vo atlas --yes",
            "member add vo atlas alice --starts 2027-01-31T12:00:00Z --ends 2028-01-31T12:00:00Z",
            "member remove vo atlas alice",
            "member list vo atlas",
            "manager add vo atlas alice",
            "admin create --realm vo --user-name root --email a@example.org --another",
            "policy create vo --rule deny --scope storage.modify:/ --matching path --group atlas",
            "policy list vo",
            "policy show vo 2",
            "policy update vo 2 --rule permit --all-scopes --everybody",
            "group move vo a/b --to c",
            "group move vo a/b --top",
            "user attribute set vo alice shell=sh",
            "user attribute remove vo alice shell",
            "user label set vo alice hr.cern/status=ok",
            "user label remove vo alice hr.cern/status",
            "user certificate add vo alice --pem-file c.pem --label laptop --primary",
            "user certificate remove vo alice --subject CN=a --issuer CN=b",
            "user ssh-key add vo alice --file id.pub",
            "user ssh-key remove vo alice SHA256:x",
            "user link-identity add vo alice --kind oidc --issuer https://idp --subject 1",
            "user link-identity remove vo alice --kind saml --issuer https://idp --subject 1",
            "client update vo id --post-logout-redirect-uri https://a/ --auth-method none",
            "policy delete vo 2 --yes",
            "explain token --realm vo --client c --user alice --scope openid --aud a --aud b",
            "import --realm vo --file users.jsonl --parallel 8",
            "export --realm vo --file -",
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
            "user set-password vo alice s3cret",
            "user create vo",
            "user set-end-time vo alice tomorrow",
            "user grant vo alice root",
            "user sessions vo alice --end x --end-all",
            "user link vo alice --ttl 0s",
            "policy create vo --rule deny --user a --group b",
            "policy create vo",
            "policy update vo two --rule deny",
            "policy update vo 2 --scope a --all-scopes",
            "policy update vo 2 --user a --everybody",
            "group move vo a",
            "group move vo a --to b --top",
            "user attribute set vo alice shell",
            "user label set vo alice =x",
            "user certificate add vo alice",
            "user certificate add vo alice --subject CN=a",
            "user certificate remove vo alice --pem-file f --subject CN=a --issuer CN=b",
            "user ssh-key add vo alice ssh-ed25519",
            "user link-identity add vo alice --kind ldap --issuer i --subject s",
            "explain token --realm vo",
            "import --realm vo --file f --parallel 0",
            "cluster status --token-file t",
        ] {
            let words = ["woadctl"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
