//! `woadctl client enable|disable REALM CLIENT`

use super::{Named, Operator, table};
use crate::admin::Call;
use crate::failure::Failure;

pub(super) async fn run(operator: &Operator, named: &Named, verb: &str) -> Result<(), Failure> {
    operator.tell(Call::post(format!("{}/{verb}", named.path())), table).await
}
