//! `woadctl user suspend|restore REALM USER`

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::failure::Failure;

pub(super) async fn run(operator: &Operator, named: &Named, verb: &str) -> Result<(), Failure> {
    operator.tell(Call::post(format!("{}/{verb}", named.path())), view::table).await
}
