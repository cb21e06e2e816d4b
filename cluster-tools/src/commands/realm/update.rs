//! `woadctl realm update ID`

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value};

use super::settings::Settings;
use super::{Operator, table};
use crate::admin::{Call, segment};
use crate::commands::input;
use crate::failure::Failure;

/// Bytes of a picture that are read: more than the node takes, so that it is the node that refuses.
const MAX_LOGO: u64 = 512 * 1024;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// Its name for people.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// A PNG picture for the login page.
    #[arg(long, value_name = "FILE")]
    logo_file: Option<PathBuf>,
    /// Take the picture away.
    #[arg(long, conflicts_with = "logo_file")]
    no_logo: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut body: Map<String, Value> = Map::new();
    if let Some(name) = wanted.display_name {
        body.insert("display_name".to_owned(), name.into());
    }
    if let Some(path) = &wanted.logo_file {
        body.insert("logo_png".to_owned(), STANDARD.encode(input::bytes(path, MAX_LOGO)?).into());
    } else if wanted.no_logo {
        body.insert("logo_png".to_owned(), "".into());
    }
    let settings = wanted.settings.read();
    if !settings.is_empty() {
        body.insert("settings".to_owned(), settings.into());
    }
    if body.is_empty() {
        return Err(Failure::Usage("nothing is named that could be changed".to_owned()));
    }
    operator.tell(Call::patch(format!("/v1/realms/{}", segment(&wanted.realm))).with_body(body), table).await
}
