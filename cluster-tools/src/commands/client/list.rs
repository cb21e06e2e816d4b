//! `woadctl client list REALM`

use clap::Args;
use serde_json::{Value, json};

use super::Operator;
use crate::admin::{Call, segment};
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let path = format!("/v1/realms/{}/clients", segment(&wanted.realm));
    let mut all = Vec::new();
    let mut next = Some(path.clone());
    while let Some(page) = next {
        let mut answer = operator.call(Call::get(page)).await?;
        let Some(Value::Array(clients)) = answer.get_mut("clients").map(Value::take) else {
            return Err(Failure::Answer);
        };
        let after = answer.get("next").and_then(Value::as_str).map(segment);
        // A page that leads nowhere would be asked for ever.
        next = after.filter(|_| !clients.is_empty()).map(|after| format!("{path}?after={after}"));
        all.extend(clients);
    }
    operator.output.show(&json!({ "clients": all }), |answer| {
        let rows = rows(answer, "clients", &["client_id", "client_name", "active", "grant_types", "created_at"]);
        columns(&["ID", "NAME", "ACTIVE", "GRANT TYPES", "CREATED"], &rows)
    })
}
