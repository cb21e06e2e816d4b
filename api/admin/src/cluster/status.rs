//! `GET /v1/cluster`: the cluster as this node sees it. Never waits for others.

use raft_store_core::cluster::DiskSpace;
use serde::Serialize;

use super::agreement::AgreementView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

#[derive(Serialize)]
struct MemberView {
    id: u64,
    peer_address: String,
    voter: bool,
    leader: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ack_ms: Option<u64>,
    disk: Option<&'static str>,
    behind: bool,
}

#[derive(Serialize)]
struct RotationView {
    what: String,
    stage: String,
    since_ms: u64,
    waiting_for: Vec<u64>,
}

#[derive(Serialize)]
struct StatusView {
    cluster_id: String,
    node: u64,
    state: String,
    term: u64,
    leader: Option<u64>,
    last_log: u64,
    applied: u64,
    purged: u64,
    snapshot: u64,
    level: u32,
    clock_ms: u64,
    sealed: bool,
    custody_confirmed: bool,
    peer_certificate_expires_ms: u64,
    incarnation: u64,
    rotations: Vec<RotationView>,
    version: String,
    agreement: AgreementView,
    disk: &'static str,
    disk_free: u64,
    fault: Option<String>,
    members: Vec<MemberView>,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let status = call.running.control.status();
    let members = status.members.into_iter().map(|member| MemberView {
        id: member.id.0,
        peer_address: member.peer_address,
        voter: member.voter,
        leader: member.leader,
        matched: member.matched,
        last_ack_ms: member.last_ack_ms,
        disk: member.disk.map(DiskSpace::name),
        behind: member.behind,
    });
    let rotations = status.trust.rotations.into_iter().map(|rotation| RotationView {
        what: rotation.what,
        stage: rotation.stage,
        since_ms: rotation.since.0,
        waiting_for: rotation.waiting_for.into_iter().map(|node| node.0).collect(),
    });
    Ok(ok(StatusView {
        cluster_id: status.cluster_id,
        node: status.node.0,
        state: status.state,
        term: status.term,
        leader: status.leader.map(|leader| leader.0),
        last_log: status.last_log,
        applied: status.applied,
        purged: status.purged,
        snapshot: status.snapshot,
        level: status.level,
        clock_ms: status.clock.0,
        sealed: status.sealed,
        custody_confirmed: status.custody_confirmed,
        peer_certificate_expires_ms: status.trust.certificate_expires.0,
        incarnation: status.trust.incarnation,
        rotations: rotations.collect(),
        version: status.version,
        agreement: call.running.control.agreement().into(),
        disk: status.disk.name(),
        disk_free: status.disk_free,
        fault: status.fault,
        members: members.collect(),
    }))
}
