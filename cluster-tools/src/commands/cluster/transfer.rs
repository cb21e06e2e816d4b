//! `woadctl cluster transfer`

use clap::Args;
use serde_json::json;

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    /// Who shall lead. Default: the voter that is most caught up.
    #[arg(long, value_name = "NODE")]
    to: Option<u64>,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post("/v1/cluster/transfer");
    let call = if let Some(to) = wanted.to { call.with_body(json!({ "to": to })) } else { call };
    operator.tell(call, |answer| format!("node {} leads\n", cell(answer, "leader"))).await
}
