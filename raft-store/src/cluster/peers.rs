//! What members tell each other once a second: clocks, versions, how far they are.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use raft_store_core::Level;

use super::Cluster;
use crate::convert::log_id_to;
use crate::proto;

/// When each peer was last heard, in boot time of this node.
#[derive(Default)]
pub(crate) struct Peers(Mutex<BTreeMap<u64, Duration>>);

impl Peers {
    fn note(&self, node: u64, at: Duration) {
        self.0.lock().insert(node, at);
    }

    fn heard(&self, node: u64) -> Option<Duration> {
        self.0.lock().get(&node).copied()
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
        self.peers.note(from.node, self.env.boot());
        let last = self.shared.progress.lock().log_id;
        proto::HelloResponse {
            wall_ms: self.env.wall_ms(),
            last: last.as_ref().map(log_id_to),
            supported_level: Level::SUPPORTED.0,
            version: self.version.clone(),
            applied: self.shared.applied_index().0,
        }
    }

    /// Says hello to every other member at once.
    pub(crate) async fn greet(&self) {
        let last = self.shared.progress.lock().log_id;
        let request = proto::HelloRequest {
            cluster_id: self.id_text.clone(),
            node: self.node,
            last: last.as_ref().map(log_id_to),
            supported_level: Level::SUPPORTED.0,
            version: self.version.clone(),
            applied: self.shared.applied_index().0,
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
                    _ => return,
                };
                let answer = answer.into_inner();
                let now = self.env.boot();
                self.offsets.heard(id, answer.wall_ms, now.saturating_sub(sent));
                self.peers.note(id, now);
            }
        });
        futures::future::join_all(calls).await;
    }
}
