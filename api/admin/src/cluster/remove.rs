//! `DELETE /v1/cluster/members/{node}`: removes a member.

use http::StatusCode;
use raft_store_core::NodeId;
use woad_http::Problem;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall, done};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let node = call.parameter(0).parse().map(NodeId);
    let node = node.map_err(|_| Problem::new(StatusCode::NOT_FOUND, "No such member").of_kind("no-such-member"))?;
    call.running.control.remove(&call.request, node).await.map_err(problem)?;
    tracing::info!(%node, by = ?call.actor.who, "member removed");
    Ok(done())
}
