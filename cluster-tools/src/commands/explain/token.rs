//! `woadctl explain token --realm REALM --client CLIENT`

use clap::Args;
use serde_json::{Map, Value};

use super::Operator;
use crate::admin::{Call, segment};
use crate::failure::Failure;
use crate::table::{columns, fields, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    #[arg(long)]
    realm: String,
    /// The client's id.
    #[arg(long)]
    client: String,
    /// For this person, by id or user name. Default: for the client itself.
    #[arg(long)]
    user: Option<String>,
    /// The scopes asked for, separated by spaces. Default: none asked for.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// An audience asked for; may repeat.
    #[arg(long = "aud", value_name = "AUDIENCE")]
    audience: Vec<String>,
    /// The grant. Default: `authorization_code` for a person, `client_credentials` for a client.
    #[arg(long, value_name = "TYPE")]
    grant: Option<String>,
}

impl Wanted {
    fn body(&self) -> Map<String, Value> {
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let fields = [
            ("client", Some(self.client.as_str().into())),
            ("user", text(&self.user)),
            ("scope", text(&self.scope)),
            ("audience", (!self.audience.is_empty()).then(|| Value::from(self.audience.clone()))),
            ("grant", text(&self.grant)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn table(answer: &Value) -> String {
    let head = [
        ("verdict", "verdict"),
        ("why", "why"),
        ("profile", "profile"),
        ("scope", "scope"),
        ("audience", "audience"),
        ("groups", "groups"),
        ("lifetime, s", "lifetime_seconds"),
    ];
    let scopes = rows(answer, "scopes", &["scope", "outcome", "level", "policy", "rule", "why"]);
    format!("{}\n{}", fields(answer, &head), columns(&["SCOPE", "OUTCOME", "LEVEL", "POLICY", "RULE", "WHY"], &scopes))
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post(format!("/v1/realms/{}/explain-token", segment(&wanted.realm)));
    operator.tell(call.with_body(wanted.body()), table).await
}
