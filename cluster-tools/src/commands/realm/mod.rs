//! `woadctl realm …`

mod create;
mod list;
mod settings;
mod show;
mod update;

use clap::Subcommand;
use serde_json::Value;

use super::Operator;
use crate::failure::Failure;
use crate::table::fields;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a realm with its first signing keys.
    Create(create::Wanted),
    /// List all realms.
    List,
    /// Show a realm with its settings.
    Show(show::Wanted),
    /// Change a realm's name, picture and settings; its id, issuer and host names stay.
    Update(update::Wanted),
}

pub(crate) async fn run(operator: &Operator, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(wanted) => create::run(operator, wanted).await,
        Command::List => list::run(operator).await,
        Command::Show(wanted) => show::run(operator, wanted).await,
        Command::Update(wanted) => update::run(operator, wanted).await,
    }
}

const FIELDS: [(&str, &str); 5] =
    [("id", "id"), ("issuer", "issuer"), ("hosts", "hosts"), ("name", "display_name"), ("created", "created_ms")];
const SETTINGS: [(&str, &str); 16] = [
    ("access token algorithm", "access_token_alg"),
    ("profile", "default_profile"),
    ("access token, s", "access_token_seconds"),
    ("longest access token, s", "max_access_token_seconds"),
    ("refresh token, s", "refresh_token_seconds"),
    ("ID token, s", "id_token_seconds"),
    ("session unused, s", "session_idle_seconds"),
    ("longest session, s", "session_absolute_seconds"),
    ("shortest password", "password_min_length"),
    ("password pattern", "password_pattern"),
    ("e-mail unique", "email_unique"),
    ("grace, ms", "grace_ms"),
    ("nbf included", "include_nbf"),
    ("sign-in in access tokens", "include_authn_info"),
    ("nbf offset, s", "nbf_offset_seconds"),
    ("key set may be cached, s", "jwks_max_age_seconds"),
];

fn table(realm: &Value) -> String {
    let settings = realm.get("settings").unwrap_or(&Value::Null);
    format!("{}\n{}", fields(realm, &FIELDS), fields(settings, &SETTINGS))
}
