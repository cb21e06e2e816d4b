//! `woadctl realm create ID --issuer URL`

use clap::Args;
use serde_json::{Value, json};

use super::settings::Settings;
use super::{Operator, table};
use crate::admin::Call;
use crate::commands::again::Again;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id: lower-case letters, digits, inner hyphens.
    id: String,
    /// The issuer, published byte for byte: https, without a path.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// A host name under which the realm answers; may repeat. Default: the issuer's.
    #[arg(long = "host", value_name = "HOST[:PORT]")]
    hosts: Vec<String>,
    /// Its name for people.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    again: Again,
}

impl Wanted {
    fn body(&self) -> Value {
        let settings = self.settings.read();
        let name = self.display_name.clone().unwrap_or_default();
        json!({
            "id": self.id, "issuer": self.issuer, "hosts": self.hosts, "display_name": name, "settings": settings
        })
    }
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post("/v1/realms").with_body(wanted.body()).with_key(Some(wanted.again.key()));
    operator.tell(call, table).await.map_err(|failure| wanted.again.explain(failure))
}
