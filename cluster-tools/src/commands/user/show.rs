//! `woadctl user show REALM USER`

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::failure::Failure;

pub(super) async fn run(operator: &Operator, named: &Named) -> Result<(), Failure> {
    operator.tell(Call::get(named.path()), view::table).await
}
