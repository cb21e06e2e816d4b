//! Taking a member out. The record comes first: from then on every node refuses it; the leader makes Raft follow.

use openraft::async_runtime::WatchReceiver;
use std::collections::BTreeSet;
use std::time::Duration;

use openraft::ChangeMembers;
use raft_store_core::cluster::ClusterError;
use raft_store_core::{NodeId, Outcome, Request, StoreError};
use tonic::Status;

use super::nodes::{self, NodeState};
use super::rotate::{Bundle, UNDER_WAY};
use super::{Cluster, status};
use crate::proto;
use crate::trust::events;
use crate::trust::rotation::JoinTokensNotBefore;

/// How long a change of membership may take.
const TAKES: Duration = Duration::from_secs(10);
/// Between two looks whether a change has happened.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Cluster {
    fn known(&self, node: u64) -> bool {
        self.members().iter().any(|(id, _)| *id == node)
    }

    /// Refuses what has no quorum now, and what would leave fewer live voters than a quorum.
    fn check_quorum_without(&self, node: u64) -> Result<(), ClusterError> {
        let voters = self.voters();
        let now = voters.iter().filter(|voter| self.alive(**voter)).count();
        if now <= voters.len() / 2 {
            let why = format!("of {} voters only {now} answer: there is no quorum to agree on it", voters.len());
            return Err(ClusterError::Unsafe(why));
        }
        let left: Vec<u64> = voters.into_iter().filter(|voter| *voter != node).collect();
        if left.is_empty() {
            return Err(ClusterError::Unsafe("it is the last voter".to_owned()));
        }
        let alive = left.iter().filter(|voter| self.alive(**voter)).count();
        if alive <= left.len() / 2 {
            let why = format!("of the {} voters left only {alive} answer: there would be no quorum", left.len());
            return Err(ClusterError::Unsafe(why));
        }
        Ok(())
    }

    /// Removes a member, as the leader, and waits until the new membership is committed.
    pub(crate) async fn remove_as_leader(&self, node: u64, rotate: bool) -> Result<Option<Bundle>, Status> {
        self.remove_here(node, rotate).await.map_err(|error| status(&error))
    }

    async fn remove_here(&self, node: u64, rotate: bool) -> Result<Option<Bundle>, ClusterError> {
        if !self.known(node) {
            return Err(ClusterError::NoSuchMember(NodeId(node)));
        }
        self.check_quorum_without(node)?;
        if node == self.node {
            return Err(ClusterError::Unsafe("it leads; leadership is handed over first".to_owned()));
        }
        let _change = self.changing().await?;
        let request = Request { id: "cluster remove".to_owned(), within: TAKES };
        let fresh = if rotate { Some(self.fresh(&request, true).await?) } else { None };
        let removed = self.store.transact(&request, |tx| {
            if !nodes::set_state(tx, node, NodeState::Removed)? {
                return Ok(Outcome::Answer(Ok(false)));
            }
            // Whoever was to bring another node in by one may be the one who is removed.
            tx.touch::<JoinTokensNotBefore>(&());
            if let Some(fresh) = &fresh
                && let Err(under_way) = self.begin_both(tx, fresh)?
            {
                return Ok(Outcome::Answer(Err(under_way)));
            }
            let how = if rotate { "keys rotate" } else { "destroyed" };
            events::record(tx, events::NODE_REMOVED, node.to_string(), how.to_owned());
            Ok(Outcome::Commit(Ok(true)))
        });
        let news = removed.await?.answer.map_err(|_| ClusterError::Unsafe(UNDER_WAY.to_owned()))?;
        self.expelled(node).await?;
        // Somebody else removed it meanwhile: that one was shown a bundle, and this one is of no rotation.
        fresh.filter(|_| news).map(|fresh| self.bundle_of(fresh)).transpose()
    }

    /// Waits until Raft's membership has followed a removal that is recorded: this node sees to it while it leads, and
    /// whoever leads after it does so unasked.
    async fn expelled(&self, node: u64) -> Result<(), ClusterError> {
        let since = self.env.boot();
        loop {
            let failed = match self.raft.as_leader() {
                Ok(_) => self.expel(node).await.err(),
                Err(_) => None,
            };
            if !self.known(node) {
                self.channels.forget(node);
                return Ok(());
            }
            if self.env.boot().saturating_sub(since) > TAKES {
                return Err(failed.unwrap_or(ClusterError::Busy));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Makes Raft's membership follow a removal.
    pub(crate) async fn expel(&self, node: u64) -> Result<(), ClusterError> {
        let gone = BTreeSet::from([node]);
        if self.voters().contains(&node) {
            self.change_members(ChangeMembers::RemoveVoters(gone.clone())).await?;
        }
        if self.known(node) {
            self.change_members(ChangeMembers::RemoveNodes(gone)).await?;
        }
        self.channels.forget(node);
        Ok(())
    }

    /// One change of membership, jointly safe.
    pub(crate) async fn change_members(
        &self,
        change: ChangeMembers<u64, crate::types::PeerNode>,
    ) -> Result<(), ClusterError> {
        let changed = tokio::time::timeout(TAKES, self.raft.change_membership(change, false)).await;
        match changed {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "membership was not changed");
                Err(ClusterError::Busy)
            }
            Err(_) => Err(ClusterError::Store(StoreError::NotDone { retry: Duration::from_secs(1) })),
        }
    }

    /// Removes a member, wherever the leader is. A leader is asked to hand over before it goes.
    pub(super) async fn remove_anywhere(&self, node: NodeId, rotate: bool) -> Result<Option<Bundle>, ClusterError> {
        if !self.known(node.0) {
            return Err(ClusterError::NoSuchMember(node));
        }
        self.check_quorum_without(node.0)?;
        let leads = self.raft.server_metrics().borrow_watched().current_leader == Some(node.0);
        if leads {
            self.transfer_anywhere(None).await?;
        }
        let Some((leader, peer)) = self.other_leader() else { return self.remove_here(node.0, rotate).await };
        let mut client = self.client(leader, &peer.address);
        let request = proto::RemoveRequest { node: node.0, rotate };
        let answer = client.remove(request).await.map_err(|refusal| super::refused(&refusal))?.into_inner();
        let bundle = Bundle::new(answer.bundle);
        Ok((!bundle.is_empty()).then_some(bundle))
    }
}
