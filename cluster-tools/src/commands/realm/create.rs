//! `woadctl realm create ID --issuer URL`

use clap::Args;
use serde_json::{Map, Value, json};

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
    /// What signs access tokens: ES256 or RS256.
    #[arg(long, value_name = "ALG")]
    access_token_alg: Option<String>,
    /// Profile of the tokens of clients that choose none: iam or wlcg.
    #[arg(long, value_name = "PROFILE")]
    default_profile: Option<String>,
    /// How long tokens are issued without a quorum, ms.
    #[arg(long, value_name = "MS")]
    grace_ms: Option<u64>,
    /// Lifetime of access tokens of clients that name none, s.
    #[arg(long, value_name = "SECONDS")]
    access_token_seconds: Option<u32>,
    /// The longest lifetime that a client's access tokens may have, s.
    #[arg(long, value_name = "SECONDS")]
    max_access_token_seconds: Option<u32>,
    #[command(flatten)]
    again: Again,
}

impl Wanted {
    fn body(&self) -> Value {
        let settings = [
            ("access_token_alg", self.access_token_alg.as_deref().map(Value::from)),
            ("default_profile", self.default_profile.as_deref().map(Value::from)),
            ("grace_ms", self.grace_ms.map(Value::from)),
            ("access_token_seconds", self.access_token_seconds.map(Value::from)),
            ("max_access_token_seconds", self.max_access_token_seconds.map(Value::from)),
        ];
        let settings: Map<String, Value> =
            settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
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
