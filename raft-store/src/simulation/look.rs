//! What a simulator sees of a member from inside, for the safety rules of Raft.

use std::collections::BTreeMap;

use openraft::async_runtime::WatchReceiver;
use openraft::storage::RaftLogReader;
use prost::Message;
use raft_store_core::wire::OutcomeRecord;
use raft_store_core::{ReadKv, Space};

use crate::convert::record_to;
use crate::node::Node;

/// A log id: index, term and the node that led in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The term.
    pub term: u64,
    /// Who led.
    pub leader: u64,
    /// The index.
    pub index: u64,
}

/// A member at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Term, candidate, and whether a quorum has granted it.
    pub vote: (u64, u64, bool),
    /// Whether it takes itself for the leader of its term.
    pub leads: bool,
    /// Whom it takes for the leader.
    pub leader: Option<u64>,
    /// The last entry of its log.
    pub last: Option<Position>,
    /// The highest entry it knows to be committed.
    pub committed: Option<Position>,
    /// The last entry applied.
    pub applied: Option<Position>,
    /// The index of the last entry that its snapshot holds; zero: it has none.
    pub snapshot: u64,
    /// The last entry purged from its log.
    pub purged: Option<Position>,
    /// The voters, as it knows them.
    pub voters: Vec<u64>,
    /// Whether two sets of voters decide together: a change of membership is under way.
    pub joint: bool,
    /// All members, as it knows them.
    pub members: Vec<u64>,
    /// Whether it runs.
    pub running: bool,
    /// Snapshots built, and installed.
    pub snapshots: (u64, u64),
    /// Entries applied; of these conflicts; and duplicates.
    pub entries: (u64, u64, u64),
}

fn position(id: crate::types::LogId) -> Position {
    Position { term: id.leader_id.term, leader: id.leader_id.node_id, index: id.index }
}

impl Node {
    /// Looks at the member.
    #[must_use]
    pub fn look(&self) -> Look {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let stats = &self.cluster.shared.stats;
        let (purged, last) = self.log.ends();
        let vote = metrics.vote;
        Look {
            vote: (vote.leader_id.term, vote.leader_id.node_id, vote.committed),
            leads: metrics.state == openraft::ServerState::Leader,
            leader: metrics.current_leader,
            last: last.map(position),
            committed: metrics.local_committed.map(position),
            applied: self.cluster.shared.progress.lock().log_id.map(position),
            snapshot: self.cluster.shared.snapshots.index(),
            purged: purged.map(position),
            voters: metrics.membership_config.membership().voter_ids().collect(),
            joint: metrics.membership_config.membership().get_joint_config().len() > 1,
            members: metrics.membership_config.nodes().map(|(id, _)| *id).collect(),
            running: metrics.running_state.is_ok(),
            snapshots: (stats.snapshots_built.get(), stats.snapshots_installed.get()),
            entries: (stats.entries.get(), stats.conflicts.get(), stats.duplicates.get()),
        }
    }

    /// The log's entries from an index on: where each stands, and its checksum.
    ///
    /// # Errors
    /// When the log cannot be read or has a hole.
    pub async fn entries(&self, from: u64) -> std::io::Result<Vec<(Position, u32)>> {
        let entries = self.log.clone().try_get_log_entries(from..).await?;
        Ok(entries
            .iter()
            .map(|entry| (position(entry.log_id), crc32c::crc32c(&record_to(entry).encode_to_vec())))
            .collect())
    }

    /// The stamp of each transaction that is remembered, by its index.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn stamps(&self) -> std::io::Result<BTreeMap<u64, u64>> {
        let view = self.cluster.shared.view()?;
        let outcomes = view.prefix(Space::Outcomes, &[]).map_err(std::io::Error::other)?;
        let stamps = outcomes.into_iter().map(|(key, value)| {
            let index = key.try_into().map(u64::from_be_bytes).map_err(|_| crate::convert::malformed("outcome"))?;
            Ok((index, OutcomeRecord::decode(value.as_slice())?.stamp_ms))
        });
        stamps.collect()
    }

    /// The highest vote that this life has given to another node.
    #[must_use]
    pub fn answered_vote(&self) -> Option<(u64, u64, bool)> {
        let vote = (*self.cluster.answered.lock())?;
        Some((vote.leader_id.term, vote.leader_id.node_id, vote.committed))
    }

    /// Why Raft runs no more.
    #[must_use]
    pub fn why_stopped(&self) -> String {
        self.raft.metrics().borrow_watched().running_state.as_ref().err().map(ToString::to_string).unwrap_or_default()
    }

    /// The vote that the disk would give back.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn stored_vote(&self) -> std::io::Result<Option<(u64, u64, bool)>> {
        let vote = self.log.clone().read_vote().await?;
        Ok(vote.map(|vote| (vote.leader_id.term, vote.leader_id.node_id, vote.committed)))
    }
}
