//! What members tell each other once a second: clocks, versions, how far they are.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use raft_store_core::Level;
use raft_store_core::cluster::DiskSpace;

use super::Cluster;
use crate::convert::log_id_to;
use crate::fault::Fault;
use crate::proto;

/// What each peer said last, and when, in boot time of this node.
#[derive(Default)]
pub(crate) struct Peers(Mutex<BTreeMap<u64, (Duration, DiskSpace)>>);

impl Peers {
    fn note(&self, node: u64, at: Duration, disk: u32) {
        let disk = usize::try_from(disk).ok().and_then(|disk| DiskSpace::ALL.get(disk)).copied();
        // A state that a newer version has added: worse than all that are known.
        self.0.lock().insert(node, (at, disk.unwrap_or(DiskSpace::Exhausted)));
    }

    fn heard(&self, node: u64) -> Option<Duration> {
        self.0.lock().get(&node).map(|(at, _)| *at)
    }

    /// How much room a peer's disk has, if it was heard lately.
    pub(crate) fn disk(&self, node: u64, now: Duration) -> Option<DiskSpace> {
        let (at, disk) = *self.0.lock().get(&node)?;
        (now.saturating_sub(at) < PEER_ALIVE).then_some(disk)
    }
}

/// A peer that was not heard for longer is taken for gone.
pub(crate) const PEER_ALIVE: Duration = Duration::from_secs(3);
/// A peer's answer takes no longer.
const HELLO_WAIT: Duration = Duration::from_millis(800);

impl Cluster {
    /// Whether a member was heard lately. This node itself always is.
    pub(crate) fn alive(&self, node: u64) -> bool {
        let heard = |at: Duration| self.env.boot().saturating_sub(at) < PEER_ALIVE;
        node == self.node || self.peers.heard(node).is_some_and(heard)
    }

    /// Answers a peer's hello.
    pub(crate) fn hello(&self, from: &proto::HelloRequest) -> proto::HelloResponse {
        self.peers.note(from.node, self.env.boot(), from.disk);
        let last = self.log.last();
        proto::HelloResponse {
            wall_ms: self.env.wall_ms(),
            last: last.as_ref().map(log_id_to),
            supported_level: Level::SUPPORTED.0,
            version: self.version.clone(),
            applied: self.shared.applied_index().0,
            disk: self.space.seen().space as u32,
        }
    }

    /// Says hello to every other member at once.
    pub(crate) async fn greet(&self) {
        let last = self.log.last();
        let request = proto::HelloRequest {
            cluster_id: self.id_text.clone(),
            node: self.node,
            last: last.as_ref().map(log_id_to),
            supported_level: Level::SUPPORTED.0,
            version: self.version.clone(),
            applied: self.shared.applied_index().0,
            disk: self.space.seen().space as u32,
        };
        let others = self.members().into_iter().filter(|(id, _)| *id != self.node);
        let calls = others.map(|(id, peer)| {
            let mut client = self.client(id, &peer.address);
            let request = request.clone();
            async move {
                let sent = self.env.boot();
                let answer = tokio::time::timeout(HELLO_WAIT, client.hello(request)).await;
                let answer = match answer {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(status)) if crate::net::says_removed(&status) => {
                        if !self.freshness.has_ended() {
                            tracing::error!(by = id, "this node was removed from the cluster; it serves no more");
                        }
                        self.freshness.end();
                        return;
                    }
                    Ok(Err(status)) if crate::net::says_behind(&status) => {
                        let why = format!("node {id} says: {}", status.message());
                        self.shared.database.faults.report(Fault::Behind(why));
                        return;
                    }
                    _ => return,
                };
                let answer = answer.into_inner();
                let now = self.env.boot();
                self.offsets.heard(id, answer.wall_ms, now.saturating_sub(sent));
                self.peers.note(id, now, answer.disk);
            }
        });
        futures::future::join_all(calls).await;
    }
}
