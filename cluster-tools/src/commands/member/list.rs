//! `woadctl member list REALM GROUP`

use serde_json::json;

use super::{Named, Operator};
use crate::admin::Pages;
use crate::failure::Failure;
use crate::table::{columns, rows};

pub(super) async fn run(operator: &Operator, group: &Named) -> Result<(), Failure> {
    let all = Pages::new(&operator.admin, format!("{}/members", group.path()), "members").all().await?;
    operator.output.show(&json!({ "members": all }), |answer| {
        let rows = rows(answer, "members", &["user_name", "user", "created_ms", "starts_ms", "ends_ms"]);
        columns(&["USER NAME", "ID", "SINCE", "COUNTS FROM", "ENDS"], &rows)
    })
}
