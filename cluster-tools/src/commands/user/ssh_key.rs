//! `woadctl user ssh-key add|remove REALM USER`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::commands::input;
use crate::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add a public key, or change label and rank of one that they have.
    Add(Added),
    /// Take a public key away.
    Remove(Known),
}

#[derive(Args)]
pub(crate) struct Added {
    #[command(flatten)]
    named: Named,
    /// File with the public key, such as `id_ed25519.pub`; - for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// A name for it.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Make it the one that counts. The first always is.
    #[arg(long)]
    primary: bool,
}

#[derive(Args)]
pub(crate) struct Known {
    #[command(flatten)]
    named: Named,
    /// The key's fingerprint, as user show has it, or `ssh-keygen -l`.
    fingerprint: String,
}

pub(super) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(Added { named, file, label, primary }) => {
            let mut body = Map::new();
            body.insert("value".to_owned(), Value::from(input::text(&file)?.trim()));
            body.extend(label.map(|label| ("label".to_owned(), label.into())));
            body.extend(primary.then(|| ("primary".to_owned(), true.into())));
            operator.tell(Call::post(format!("{}/ssh-keys", named.path())).with_body(body), view::table).await
        }
        Command::Remove(Known { named, fingerprint }) => {
            let call = Call::post(format!("{}/ssh-keys/remove", named.path()));
            operator.tell(call.with_body(json!({ "fingerprint": fingerprint })), view::table).await
        }
    }
}
