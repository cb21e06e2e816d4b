//! `POST /v1/cluster/custody`: an operator says that the recovery bundle is in safe custody.

use serde_json::json;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let news = call.running.control.confirm_custody(&call.request).await.map_err(problem)?;
    tracing::info!(news, by = ?call.actor.who, "custody of the recovery bundle confirmed");
    Ok(ok(json!({ "custody_confirmed": true })))
}
