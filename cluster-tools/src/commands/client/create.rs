//! `woadctl client create REALM`

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Operator, table, warn_of_secret};
use crate::admin::{Call, segment};
use crate::commands::again::Again;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// The client's id. Default: a UUID.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    again: Again,
}

/// A client without grant types can do nothing, so it gets the one that needs nobody.
fn with_defaults(mut fields: Map<String, Value>) -> Map<String, Value> {
    if !fields.contains_key("grant_types") {
        fields.insert("grant_types".to_owned(), json!(["client_credentials"]));
    }
    fields
}

fn made(answer: &Value) -> String {
    let mut out = table(answer.get("client").unwrap_or(&Value::Null));
    for (label, name) in [("secret", "client_secret"), ("note", "note")] {
        if answer.get(name).is_some() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\n{label}: {}\n", cell(answer, name));
        }
    }
    out
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut body = json!({ "client": with_defaults(wanted.fields.read()?) });
    if let (Some(id), Some(body)) = (&wanted.id, body.as_object_mut()) {
        body.insert("client_id".to_owned(), id.as_str().into());
    }
    let call = Call::post(format!("/v1/realms/{}/clients", segment(&wanted.realm)));
    let call = call.with_body(body).with_key(Some(wanted.again.key()));
    let answer = operator.call(call).await.map_err(|failure| wanted.again.explain(failure))?;
    operator.output.show(&answer, made)?;
    if answer.get("client_secret").is_some() {
        warn_of_secret();
    }
    Ok(())
}
