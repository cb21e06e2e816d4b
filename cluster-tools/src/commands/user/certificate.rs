//! `woadctl user certificate add|remove REALM USER`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::commands::input;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a certificate, or change label and rank of one that they have.
    Add(Added),
    /// Take a certificate away.
    Remove(Known),
}

/// A certificate: the file, or both its names.
#[derive(Args)]
pub(crate) struct Known {
    #[command(flatten)]
    named: Named,
    /// The certificate in PEM; - for standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "subject")]
    pem_file: Option<PathBuf>,
    /// Whom it names, as RFC 2253 writes it.
    #[arg(long, value_name = "DN", requires = "issuer", conflicts_with = "pem_file")]
    subject: Option<String>,
    /// Who signed it, as RFC 2253 writes it.
    #[arg(long, value_name = "DN", requires = "subject", conflicts_with = "pem_file")]
    issuer: Option<String>,
}

#[derive(Args)]
pub(crate) struct Added {
    #[command(flatten)]
    certificate: Known,
    /// A name for it.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Make it the one that counts. The first always is.
    #[arg(long)]
    primary: bool,
}

impl Known {
    fn body(&self) -> Result<Map<String, Value>, Failure> {
        let pem = self.pem_file.as_deref().map(input::text).transpose()?;
        let fields = [("pem", pem.as_ref()), ("subject", self.subject.as_ref()), ("issuer", self.issuer.as_ref())];
        Ok(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.as_str().into()))).collect())
    }
}

pub(super) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(Added { certificate, label, primary }) => {
            let mut body = certificate.body()?;
            body.extend(label.map(|label| ("label".to_owned(), label.into())));
            body.extend(primary.then(|| ("primary".to_owned(), true.into())));
            let call = Call::post(format!("{}/certificates", certificate.named.path()));
            operator.tell(call.with_body(body), view::table).await
        }
        Command::Remove(known) => {
            let call = Call::post(format!("{}/certificates/remove", known.named.path()));
            operator.tell(call.with_body(known.body()?), view::table).await
        }
    }
}
