//! `woadctl group create REALM NAME`

use clap::Args;
use serde_json::{Value, json};

use super::{Operator, table};
use crate::admin::{Call, segment};
use crate::commands::again::Again;
use crate::commands::labels::{Label, label};
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// The group's full name, such as `atlas/production`.
    name: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The provisioning system's id of it.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,
    /// A label; may repeat. `wlcg.optional-group` makes tokens carry it only when it is asked for.
    #[arg(long = "label", value_name = "[PREFIX/]NAME[=VALUE]", value_parser = label)]
    labels: Vec<Label>,
    #[command(flatten)]
    again: Again,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut body = json!({ "full_name": wanted.name });
    if let Some(body) = body.as_object_mut() {
        for (name, value) in [("description", &wanted.description), ("external_id", &wanted.external_id)] {
            body.extend(value.as_deref().map(|value| (name.to_owned(), Value::from(value))));
        }
        if !wanted.labels.is_empty() {
            let labels: Vec<Value> = wanted.labels.iter().map(Label::to_label).collect();
            body.insert("labels".to_owned(), labels.into());
        }
    }
    let call = Call::post(format!("/v1/realms/{}/groups", segment(&wanted.realm)));
    let call = call.with_body(body).with_key(Some(wanted.again.key()));
    operator.tell(call, table).await.map_err(|failure| wanted.again.explain(failure))
}
