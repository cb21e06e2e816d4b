//! Handing leadership over (store.md 19). A transfer has no abort, so it is begun only when it will succeed.

use openraft::Instant as _;
use openraft::async_runtime::WatchReceiver;
use std::time::Duration;

use raft_store_core::NodeId;
use raft_store_core::cluster::{ClusterError, DiskSpace};
use tonic::Status;

use super::{Cluster, status};
use crate::proto;

/// A target further behind than this is refused.
const NEARLY: u64 = 1_000;
/// A target must have answered the leader this lately: a heartbeat and a half.
const HEARD: Duration = Duration::from_millis(150);
/// How long proposals under way may take to reach the target.
const DRAINS: Duration = Duration::from_millis(500);
/// How long the target may take to lead.
const TAKES: Duration = Duration::from_secs(2);

impl Cluster {
    /// The voters this leader could hand over to, best first.
    pub(crate) fn candidates(&self) -> Vec<u64> {
        let now = self.env.boot();
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let last = metrics.last_log_index.unwrap_or_default();
        let Some(replication) = metrics.replication.as_ref() else { return Vec::new() };
        let voters = self.voters();
        let mut near: Vec<(u64, u64)> = replication
            .iter()
            .filter(|(id, _)| voters.contains(id) && **id != self.node && !self.quarantine.is_wrong(**id))
            .filter(|(id, _)| self.peers.disk(**id, now) != Some(DiskSpace::Exhausted))
            .filter(|(id, _)| {
                metrics
                    .heartbeat
                    .as_ref()
                    .and_then(|beats| beats.get(id))
                    .is_some_and(|at| at.as_ref().is_some_and(|at| at.elapsed() < HEARD))
            })
            .filter_map(|(id, matched)| matched.as_ref().map(|matched| (matched.index, *id)))
            .filter(|(index, _)| index + NEARLY >= last)
            .collect();
        near.sort_unstable();
        near.into_iter().rev().map(|(_, id)| id).collect()
    }

    /// Hands leadership over, as the leader. Zero: to the voter that is furthest.
    pub(crate) async fn transfer_as_leader(&self, to: u64) -> Result<u64, Status> {
        self.hand_over((to != 0).then_some(to)).await.map_err(|error| status(&error))
    }

    /// Waits a little for a candidate: right after a start or election nothing has been heard yet.
    async fn pick(&self, to: Option<u64>) -> Result<u64, ClusterError> {
        for _ in 0..8 {
            let candidates = self.candidates();
            match to {
                Some(to) if candidates.contains(&to) => return Ok(to),
                None => {
                    if let Some(best) = candidates.first() {
                        return Ok(*best);
                    }
                }
                Some(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        Err(ClusterError::Unsafe("no voter that was just heard is caught up".to_owned()))
    }

    async fn hand_over(&self, to: Option<u64>) -> Result<u64, ClusterError> {
        let _change = self.changing().await?;
        if to == Some(self.node) {
            return Ok(self.node);
        }
        if let Some(to) = to.filter(|to| !self.voters().contains(to)) {
            return Err(ClusterError::NoSuchMember(NodeId(to)));
        }
        let to = self.pick(to).await?;
        // Drained first: a target that lacks an entry would refuse, and until the lease ends nothing is written.
        let _paused = self.proposer.pause();
        self.drained(to).await?;
        let failed = |_| ClusterError::Store(raft_store_core::StoreError::Stopped);
        self.raft.trigger().transfer_leader(to).await.map_err(failed)?;
        self.wait_leader(to).await
    }

    /// Waits until everything proposed is at the target.
    async fn drained(&self, to: u64) -> Result<(), ClusterError> {
        let behind = || {
            let metrics = self.raft.metrics();
            let metrics = metrics.borrow_watched();
            let matched = metrics.replication.as_ref().and_then(|known| known.get(&to)?.map(|id| id.index));
            matched < metrics.last_log_index
        };
        let since = self.env.boot();
        while behind() {
            if self.env.boot().saturating_sub(since) > DRAINS {
                return Err(ClusterError::Unsafe("the target does not catch up".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Waits until the node leads, as seen here.
    async fn wait_leader(&self, to: u64) -> Result<u64, ClusterError> {
        let mut metrics = self.raft.server_metrics();
        let waited = tokio::time::timeout(TAKES, async {
            loop {
                if metrics.borrow_and_update().current_leader == Some(to) {
                    return;
                }
                if metrics.changed().await.is_err() {
                    return;
                }
            }
        });
        waited.await.map_err(|_| ClusterError::Unsafe("the target did not take over in time".to_owned()))?;
        Ok(to)
    }

    /// Hands leadership over, wherever it is.
    pub(super) async fn transfer_anywhere(&self, to: Option<NodeId>) -> Result<NodeId, ClusterError> {
        let to = to.map(|to| to.0);
        let Some((leader, peer)) = self.other_leader() else {
            return self.hand_over(to).await.map(NodeId);
        };
        let mut client = self.client(leader, &peer.address);
        let request = proto::TransferLeaderRequest { to: to.unwrap_or_default() };
        let answer = client.transfer_leader(request).await.map_err(|refusal| match to {
            Some(to) if refusal.code() == tonic::Code::NotFound => ClusterError::NoSuchMember(NodeId(to)),
            _ => super::refused(&refusal),
        })?;
        Ok(NodeId(answer.into_inner().leader))
    }
}
