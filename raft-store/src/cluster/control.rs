//! [`ClusterControl`] for operators.

use openraft::Instant as _;
use openraft::async_runtime::WatchReceiver;
use std::collections::BTreeSet;
use std::time::Duration;

use openraft::ServerState;
use raft_store_core::agreement::AgreementStatus;
use raft_store_core::cluster::{
    ClusterControl, ClusterError, ClusterStatus, JoinToken as Shown, Member, RefusedPeer, TrustStatus,
};
use raft_store_core::store::BoxFuture;
use raft_store_core::{NodeId, Outcome, Request, Revision, StoreError, View};

use super::Cluster;
use super::rotate::Bundle;
use crate::trust::{JoinToken, PeerAddress, cluster_record, join_tokens, rotation};

/// Between two looks whether the authority still changes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Cluster {
    /// Waits while the authority changes: a token pins one.
    async fn authority_settled(&self, within: Duration) -> Result<(), ClusterError> {
        let since = self.env.boot();
        while self.rotates_authority() {
            if self.env.boot().saturating_sub(since) > within {
                let why = "the authority is being rotated, and a join token pins one: make it when that has ended \
                    (woadctl cluster status)";
                return Err(ClusterError::Unsafe(why.to_owned()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    async fn make_join_token(&self, cx: &Request, valid: Duration) -> Result<Shown, ClusterError> {
        self.authority_settled(cx.within).await?;
        let addresses: Vec<PeerAddress> =
            self.members().into_iter().filter_map(|(_, peer)| peer.address.parse().ok()).collect();
        let fill = |buffer: &mut [u8]| self.env.fill_random(buffer);
        let shared = self.store.view(cx, raft_store_core::Freshness::Linearizable, |view| {
            // The one that issues comes first.
            Ok(rotation::trusted(view)?.first().and_then(crate::trust::CaPin::of))
        });
        let pin = shared.await?.answer.ok_or(StoreError::Stopped)?;
        let token = JoinToken::generate(pin, addresses, &fill).ok_or(StoreError::Stopped)?;
        let made = self.store.transact(cx, |tx| {
            let made = join_tokens::create(tx, &token, valid, None)?;
            Ok(if made.is_ok() { Outcome::Commit(made) } else { Outcome::Answer(made) })
        });
        let expires = made.await?.answer.map_err(|error| ClusterError::Unsafe(error.to_string()))?;
        Ok(Shown { token: token.to_text().to_string(), expires })
    }
}

/// Whether a node votes whatever becomes of a change that is under way: of a joint membership's halves the first counts, that
/// of before, since one that did not commit yet may stand still for want of a vote in it.
fn votes(halves: &[BTreeSet<u64>], node: u64) -> bool {
    halves.first().is_some_and(|before| before.contains(&node))
}

impl Cluster {
    /// As this replica knows it.
    fn custody_confirmed(&self) -> bool {
        let confirmed = || -> Option<bool> {
            let kv = self.shared.view().ok()?;
            let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
            Some(cluster_record::get(&view).ok()??.custody_confirmed)
        };
        confirmed().unwrap_or(false)
    }
}

impl ClusterControl for Cluster {
    fn status(&self) -> ClusterStatus {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched().clone();
        let halves = metrics.membership_config.membership().get_joint_config();
        let index = |id: Option<crate::types::LogId>| id.map_or(0, |id| id.index);
        let (room, now) = (self.space.seen(), self.env.boot());
        let members = metrics.membership_config.nodes().map(|(id, node)| {
            let matched = metrics.replication.as_ref().and_then(|known| known.get(id)?.as_ref().map(|id| id.index));
            let ack = metrics.heartbeat.as_ref().and_then(|known| known.get(id)?.as_ref().map(|at| at.elapsed()));
            Member {
                id: NodeId(*id),
                peer_address: node.address.clone(),
                voter: votes(halves, *id),
                leader: metrics.current_leader == Some(*id),
                matched,
                last_ack_ms: ack.map(|ack| u64::try_from(ack.as_millis()).unwrap_or(u64::MAX)),
                disk: if *id == self.node { Some(room.space) } else { self.peers.disk(*id, now) },
                behind: self.gate.is_behind(*id),
            }
        });
        let position = self.shared.progress.lock().position;
        ClusterStatus {
            cluster_id: self.id_text.clone(),
            node: NodeId(self.node),
            state: match metrics.state {
                ServerState::Leader => "leader",
                ServerState::Follower => "follower",
                ServerState::Candidate => "candidate",
                ServerState::Learner => "learner",
                ServerState::Shutdown => "stopped",
            }
            .to_owned(),
            term: metrics.current_term,
            leader: metrics.current_leader.map(NodeId),
            last_log: metrics.last_log_index.unwrap_or_default(),
            applied: index(metrics.last_applied),
            purged: index(metrics.purged),
            snapshot: index(metrics.snapshot),
            level: position.level.0,
            clock: self.shared.clock.now(),
            sealed: self.sealer.is_sealed(),
            custody_confirmed: self.custody_confirmed(),
            trust: TrustStatus {
                certificate_expires: self.credentials.as_ref().map(|own| own.tls.presented_until()).unwrap_or_default(),
                incarnation: metrics.last_log_index.unwrap_or_default() >> crate::recovery::INCARNATION_BITS,
                rotations: self.rotations(),
            },
            version: self.version.clone(),
            disk: room.space,
            disk_free: room.free,
            fault: self.shared.database.faults.first().map(|fault| fault.to_string()),
            members: members.collect(),
        }
    }

    fn create_join_token<'a>(&'a self, cx: &'a Request, valid: Duration) -> BoxFuture<'a, Result<Shown, ClusterError>> {
        Box::pin(self.make_join_token(cx, valid))
    }

    fn remove<'a>(
        &'a self,
        _: &'a Request,
        node: NodeId,
        destroyed: bool,
    ) -> BoxFuture<'a, Result<Option<Bundle>, ClusterError>> {
        Box::pin(self.remove_anywhere(node, !destroyed))
    }

    fn rotate_key<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Bundle, ClusterError>> {
        Box::pin(self.rotate_key_here(cx))
    }

    fn rotate_authority<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Bundle, ClusterError>> {
        Box::pin(self.rotate_authority_here(cx))
    }

    fn finish_rotation<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Vec<NodeId>, ClusterError>> {
        Box::pin(self.finish_rotations(cx))
    }

    fn confirm_custody<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<bool, ClusterError>> {
        Box::pin(async move {
            let noted = self.store.transact(cx, |tx| {
                let news = cluster_record::confirm_custody(tx)?;
                Ok(if news { Outcome::Commit(true) } else { Outcome::Answer(false) })
            });
            Ok(noted.await?.answer)
        })
    }

    fn agreement(&self) -> AgreementStatus {
        self.agreement_seen().unwrap_or_default()
    }

    fn take_refused_peers(&self) -> Vec<RefusedPeer> {
        self.refused.take()
    }

    fn verify<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Revision, ClusterError>> {
        Box::pin(crate::agreement::ask(self, &self.inside, cx, "asked for"))
    }

    fn transfer<'a>(&'a self, _: &'a Request, to: Option<NodeId>) -> BoxFuture<'a, Result<NodeId, ClusterError>> {
        Box::pin(self.transfer_anywhere(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_votes_once_the_change_that_makes_it_a_voter_is_through() {
        let (two, three) = (BTreeSet::from([1, 2]), BTreeSet::from([1, 2, 3]));
        assert!(!votes(&[two.clone(), three.clone()], 3), "2 may be lost before it has agreed");
        assert!(votes(std::slice::from_ref(&three), 3));
        assert!(votes(&[three, two.clone()], 3), "its vote still counts");
        assert!(!votes(&[two], 3) && !votes(&[], 3));
    }
}
