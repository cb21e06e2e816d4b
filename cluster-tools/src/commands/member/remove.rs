//! `woadctl member remove REALM GROUP USER`

use serde_json::json;

use super::{Operator, Pair};
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::cell;

/// Takes the person off one of the group's lists.
pub(crate) async fn run(operator: &Operator, pair: &Pair, list: &str) -> Result<(), Failure> {
    operator.call(Call::delete(pair.path(list))).await?;
    let removed = json!({ "removed": pair.user });
    operator.output.show(&removed, |removed| format!("{} is removed\n", cell(removed, "removed")))
}
