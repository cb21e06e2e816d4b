//! `GET /v1/cluster/agreement`: what this node knows of the replicas' comparison. `POST /v1/cluster/verify` begins one.

use std::fmt::Write as _;

use raft_store_core::agreement::{AgreementStatus, Asked, Finding, Round, standing};
use serde::Serialize;
use serde_json::json;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

#[derive(Serialize)]
struct NodeView {
    node: u64,
    voter: bool,
    standing: &'static str,
    digest: Option<String>,
    error: Option<String>,
    /// How long it read.
    milliseconds: u64,
}

#[derive(Serialize)]
struct RoundView {
    index: u64,
    began_ms: u64,
    reason: String,
    agreement: &'static str,
    nodes: Vec<NodeView>,
}

/// As it stands in a cluster's status too.
#[derive(Serialize)]
pub(super) struct AgreementView {
    round: Option<RoundView>,
    verified_index: u64,
    verified_ms: Option<u64>,
    /// Why this node has left service.
    quarantined: Option<String>,
}

fn node_view(node: &Asked, asked: &[Asked]) -> NodeView {
    let (digest, error) = match &node.finding {
        Some(Finding::Digest(digest)) => (Some(hex(digest)), None),
        Some(Finding::Unreadable(why)) => (None, Some(why.clone())),
        None => (None, None),
    };
    let standing = standing(node, asked).name();
    NodeView { node: node.node.0, voter: node.voter, standing, digest, error, milliseconds: node.took_ms }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl From<Round> for RoundView {
    fn from(round: Round) -> Self {
        Self {
            index: round.index,
            began_ms: round.began.0,
            nodes: round.asked.iter().map(|node| node_view(node, &round.asked)).collect(),
            agreement: round.agreement.name(),
            reason: round.reason,
        }
    }
}

impl From<AgreementStatus> for AgreementView {
    fn from(status: AgreementStatus) -> Self {
        let (verified_index, at) = status.verified;
        Self {
            round: status.round.map(RoundView::from),
            verified_index,
            verified_ms: (verified_index > 0).then_some(at.0),
            quarantined: status.left,
        }
    }
}

pub(crate) async fn show(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    Ok(ok(AgreementView::from(call.running.control.agreement())))
}

pub(crate) async fn verify(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let index = call.running.control.verify(&call.request).await.map_err(problem)?;
    tracing::info!(index = index.0, by = ?call.actor.who, "a comparison of the replicas was asked for");
    Ok(ok(json!({ "index": index.0 })))
}
