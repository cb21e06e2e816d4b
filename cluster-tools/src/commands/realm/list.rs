//! `woadctl realm list`

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::{columns, rows};

pub(super) async fn run(operator: &Operator) -> Result<(), Failure> {
    operator
        .tell(Call::get("/v1/realms"), |answer| {
            let rows = rows(answer, "realms", &["id", "issuer", "hosts", "created_ms"]);
            columns(&["ID", "ISSUER", "HOSTS", "CREATED"], &rows)
        })
        .await
}
