//! `woadctl cluster confirm-custody`

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;

pub(super) async fn run(operator: &Operator) -> Result<(), Failure> {
    let call = Call::post("/v1/cluster/custody");
    operator.tell(call, |_| "custody of the recovery bundle is confirmed\n".to_owned()).await
}
