//! `woadctl user link-identity add|remove REALM USER`

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Link an account that they have at another provider.
    Add(Account),
    /// Take such a link away.
    Remove(Account),
}

/// An account elsewhere.
#[derive(Args)]
pub(crate) struct Account {
    #[command(flatten)]
    named: Named,
    /// What the other provider speaks.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The other provider: an issuer, or an entity id.
    #[arg(long, value_name = "URI")]
    issuer: String,
    /// What it calls them.
    #[arg(long, value_name = "TEXT")]
    subject: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Oidc,
    Saml,
}

impl Account {
    fn call(&self, verb: &str) -> Call {
        let kind = match self.kind {
            Kind::Oidc => "oidc",
            Kind::Saml => "saml",
        };
        let body = json!({ "kind": kind, "issuer": self.issuer, "subject": self.subject });
        Call::post(format!("{}/linked{verb}", self.named.path())).with_body(body)
    }
}

pub(super) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    let call = match command {
        Command::Add(account) => account.call(""),
        Command::Remove(account) => account.call("/remove"),
    };
    operator.tell(call, view::table).await
}
