//! `woadctl policy show REALM ID`

use super::{Named, Operator, table};
use crate::admin::Call;
use crate::failure::Failure;

pub(super) async fn run(operator: &Operator, named: &Named) -> Result<(), Failure> {
    operator.tell(Call::get(named.path()), table).await
}
