//! `DELETE /v1/cluster/members/{node}`: removes a member. Unless `?destroyed=true`, cluster key and authority are rotated,
//! and the answer has the new recovery bundle.

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
    let destroyed = match call.text("destroyed") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::new(StatusCode::BAD_REQUEST, "destroyed must be true or false")),
    };
    let bundle = call.running.control.remove(&call.request, node, destroyed).await.map_err(problem)?;
    tracing::info!(%node, destroyed, by = ?call.actor.who, "member removed");
    match bundle {
        Some(bundle) => super::rotate::bundle(StatusCode::OK, &bundle),
        None => Ok(done()),
    }
}
