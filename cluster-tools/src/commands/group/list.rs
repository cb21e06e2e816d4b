//! `woadctl group list REALM`

use clap::Args;
use serde_json::{Value, json};

use super::Operator;
use crate::admin::{Pages, segment};
use crate::failure::Failure;
use crate::table::{columns, rows};

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let path = format!("/v1/realms/{}/groups", segment(&wanted.realm));
    let mut all = Pages::new(&operator.admin, path, "groups").all().await?;
    // The tree is read by name; pages come by id.
    all.sort_by_cached_key(|group| group.get("full_name").and_then(Value::as_str).unwrap_or_default().to_owned());
    operator.output.show(&json!({ "groups": all }), |answer| {
        let rows = rows(answer, "groups", &["full_name", "id", "optional", "description"]);
        columns(&["NAME", "ID", "OPTIONAL", "DESCRIPTION"], &rows)
    })
}
