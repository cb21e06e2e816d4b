//! `woadctl client …`

mod create;
mod delete;
mod fields;
mod list;
mod rotate_secret;
mod set_active;
mod show;
mod update;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Operator;
use crate::admin::segment;
use crate::failure::Failure;
use crate::output::note;
use crate::table;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a client; its secret is shown once.
    Create(create::Wanted),
    /// List the clients of a realm.
    List(list::Wanted),
    /// Show a client. Never its secret.
    Show(Named),
    /// Change the fields that are named.
    Update(update::Wanted),
    /// Let a disabled client act again.
    Enable(Named),
    /// Keep a client from acting; its tokens are dead at every node.
    Disable(Named),
    /// Delete a client; its tokens are dead at every node.
    Delete(delete::Wanted),
    /// Give a client a new secret, shown once; the old one ceases to work.
    RotateSecret(rotate_secret::Wanted),
}

/// A client of a realm.
#[derive(Args)]
pub(crate) struct Named {
    /// The realm's id.
    realm: String,
    /// The client's id.
    client: String,
}

impl Named {
    fn path(&self) -> String {
        format!("/v1/realms/{}/clients/{}", segment(&self.realm), segment(&self.client))
    }
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(wanted) => create::run(operator, wanted).await,
        Command::List(wanted) => list::run(operator, wanted).await,
        Command::Show(named) => show::run(operator, &named).await,
        Command::Update(wanted) => update::run(operator, wanted).await,
        Command::Enable(named) => set_active::run(operator, &named, "enable").await,
        Command::Disable(named) => set_active::run(operator, &named, "disable").await,
        Command::Delete(wanted) => delete::run(operator, wanted).await,
        Command::RotateSecret(wanted) => rotate_secret::run(operator, wanted).await,
    }
}

const FIELDS: [(&str, &str); 17] = [
    ("id", "client_id"),
    ("name", "client_name"),
    ("description", "client_description"),
    ("active", "active"),
    ("grant types", "grant_types"),
    ("authentication", "token_endpoint_auth_method"),
    ("scope", "scope"),
    ("redirect URIs", "redirect_uris"),
    ("after logging out", "post_logout_redirect_uris"),
    ("contacts", "contacts"),
    ("access token, s", "access_token_validity_seconds"),
    ("refresh token, s", "refresh_token_validity_seconds"),
    ("may introspect", "allow_introspection"),
    ("its audience only", "introspect_own_audience_only"),
    ("registered itself", "dynamically_registered"),
    ("created", "created_at"),
    ("status changed by", "status_changed_by"),
];

fn table(client: &Value) -> String {
    table::fields(client, &FIELDS)
}

/// A secret is on the screen.
fn warn_of_secret() {
    note("the secret is shown this once; the cluster keeps only what verifies it");
}
