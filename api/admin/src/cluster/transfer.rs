//! `POST /v1/cluster/transfer`: hands leadership on.

use raft_store_core::NodeId;
use serde::Deserialize;
use serde_json::json;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    to: Option<u64>,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json_or_default()?;
    let to = wanted.to.map(NodeId);
    let leader = call.running.control.transfer(&call.request, to).await.map_err(problem)?;
    tracing::info!(%leader, by = ?call.actor.who, "leadership transferred");
    Ok(ok(json!({ "leader": leader.0 })))
}
