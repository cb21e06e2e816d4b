//! `woadctl policy create REALM`

use clap::Args;
use serde_json::{Map, Value};

use super::kinds::{Matching, Rule, upper};
use super::{Operator, table};
use crate::admin::{Call, segment};
use crate::commands::again::Again;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// Whether the scopes are permitted or denied. Of policies alike near to a person, a denial wins.
    #[arg(long, value_enum)]
    rule: Rule,
    /// A scope it is about; may repeat. Default: all scopes.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How scopes are compared with those: eq (equal), path (the path or below), regexp.
    #[arg(long, value_enum, default_value_t = Matching::Eq)]
    matching: Matching,
    /// For this person alone, by id or user name.
    #[arg(long, value_name = "USER", conflicts_with = "group")]
    user: Option<String>,
    /// For the members of this group, by id or full name. Default: for everybody.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    again: Again,
}

impl Wanted {
    fn body(&self) -> Map<String, Value> {
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let fields = [
            ("rule", Some(upper(&self.rule))),
            ("matching", Some(upper(&self.matching))),
            ("scopes", (!self.scopes.is_empty()).then(|| Value::from(self.scopes.clone()))),
            ("user", text(&self.user)),
            ("group", text(&self.group)),
            ("description", text(&self.description)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post(format!("/v1/realms/{}/scope-policies", segment(&wanted.realm)));
    let call = call.with_body(wanted.body()).with_key(Some(wanted.again.key()));
    operator.tell(call, table).await.map_err(|failure| wanted.again.explain(failure))
}
