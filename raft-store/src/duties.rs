//! What a node does by itself: greeting, probing, snapshots, certificate renewal; and, when it leads, membership and
//! sweep.

use openraft::async_runtime::WatchReceiver;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use openraft::ChangeMembers;
use raft_store_core::cluster::DiskSpace;
use raft_store_core::sweep::{self, Sweepable};
use raft_store_core::{AttemptId, Outcome, Request, View};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cluster::{Cluster, NodeState, all_nodes, set_node_state};
use crate::disk::LogStore;
use crate::node::Compaction;
use crate::origin::{Freshness, Origin};
use crate::types::PeerNode;

/// Between two hellos.
const GREET: Duration = Duration::from_secs(1);
/// The same while no majority of the voters' clocks is known: a leader tells no time until then, and nobody reads.
const GREET_SOON: Duration = Duration::from_millis(100);
/// Between two freshness probes.
const PROBE: Duration = Duration::from_millis(100);
/// Between two looks whether to stand for election.
const CAMPAIGN: Duration = Duration::from_millis(100);
/// A leader's lease: before it is over no voter grants a vote (design §9: the longest election time-out).
const LEASE: Duration = Duration::from_millis(800);
/// How much later the next voter stands: the first has won by then, and no two split the vote.
const IN_TURN: Duration = Duration::from_millis(300);
/// A probe is given up after this long.
const PROBE_WAIT: Duration = Duration::from_millis(450);
/// Between two looks at the membership.
const MEMBERSHIP: Duration = Duration::from_millis(200);
/// Between two looks for expired records; a full step is followed by the next after a pause.
const SWEEP: Duration = Duration::from_secs(1);
/// The pause is as long as the step took, and within these bounds: others' transactions have half of the time at least,
/// however many records expire at once.
const SWEEP_PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// Between two looks at the log's size.
const COMPACT: Duration = Duration::from_millis(500);
/// Bytes of log after which a snapshot is built while the disk is nearly full.
const SHORT_LOG: u64 = 8 * 1024 * 1024;
/// Between two notes of how far the log is flushed (store.md 15).
const NOTE: Duration = Duration::from_secs(1);
/// Between two looks at the disk's room.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks at the certificate.
const RENEW: Duration = Duration::from_secs(1);
/// Between two looks at rotations.
const TRUST: Duration = Duration::from_millis(250);
/// A learner this close to the leader becomes a voter.
const CAUGHT_UP: u64 = 100;
/// A leader whose oldest append waits longer for its sync hands over.
pub(crate) const SYNC_STALL: Duration = Duration::from_secs(1);

/// Everything the duties touch.
pub(crate) struct Duties {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) freshness: Arc<Freshness>,
    pub(crate) log: LogStore,
    pub(crate) compaction: Compaction,
    pub(crate) sweep: Vec<Sweepable>,
    pub(crate) stop: CancellationToken,
}

impl Duties {
    /// Starts them all; they end when cancelled.
    pub(crate) fn start(self) {
        let this = Arc::new(self);
        let every = |period: Duration| {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks
        };
        macro_rules! duty {
            ($period:expr, $name:ident) => {{
                let (this, mut ticks) = (Arc::clone(&this), every($period));
                tokio::spawn(async move {
                    loop {
                        tokio::select! {
                            () = this.stop.cancelled() => return,
                            _ = ticks.tick() => this.$name().await,
                        }
                    }
                });
            }};
        }
        duty!(GREET, greet);
        duty!(PROBE, probe);
        duty!(CAMPAIGN, campaign);
        duty!(MEMBERSHIP, membership);
        duty!(SWEEP, sweep);
        duty!(RENEW, renew_certificate);
        duty!(NOTE, note_synced);
        duty!(LOOK, look_at_disk);
        let watching = Arc::clone(&this);
        tokio::spawn(async move { watching.end_on_fault().await });
        duty!(TRUST, keep_trust);
        tokio::spawn(async move { this.compact(every(COMPACT)).await });
    }

    async fn greet(&self) {
        self.cluster.greet().await;
        while !self.cluster.knows_the_time() && !self.stop.is_cancelled() {
            tokio::time::sleep(GREET_SOON).await;
            self.cluster.greet().await;
        }
    }

    async fn probe(&self) {
        if self.freshness.age().is_none_or(|age| age >= PROBE) && self.origin.probe(PROBE_WAIT).await.is_err() {
            self.freshness.timed_out();
        }
    }

    /// Stands for election as soon as the lease is over, when the leader's process is found gone. Without this the
    /// election waits for a random time-out more, and now and then two candidates split the vote. A voter that still
    /// hears the leader refuses, as to any pre-vote.
    async fn campaign(&self) {
        let Some(leader) = self.cluster.raft.server_metrics().borrow_watched().current_leader else { return };
        let out = self.cluster.quarantine.has_left();
        if out || leader == self.cluster.node || !self.freshness.found_no_leader() {
            return;
        }
        let mut others = self.cluster.voters();
        others.retain(|voter| {
            *voter != leader && self.cluster.alive(*voter) && !self.cluster.quarantine.is_wrong(*voter)
        });
        let Some(turn) = others.iter().position(|voter| *voter == self.cluster.node) else { return };
        let turn = IN_TURN * u32::try_from(turn).unwrap_or(u32::MAX);
        if self.freshness.age().is_some_and(|age| age >= LEASE + turn) {
            drop(self.cluster.raft.trigger().elect(true).await);
        }
    }

    fn leads(&self) -> bool {
        self.cluster.raft.as_leader().is_ok()
    }

    /// Makes Raft's membership follow the node records, one step a turn; gives leadership away when the disk hangs.
    async fn membership(&self) {
        if !self.leads() {
            return;
        }
        if self.cluster.sync.stalled_for() > SYNC_STALL {
            tracing::error!("the disk does not answer; leadership is given away");
            drop(self.cluster.transfer_as_leader(0).await);
            return;
        }
        if self.cluster.space.seen().space == DiskSpace::Exhausted && !self.cluster.candidates().is_empty() {
            tracing::error!("the disk is full; leadership is given away");
            drop(self.cluster.transfer_as_leader(0).await);
            return;
        }
        let Ok(_change) = self.cluster.change.try_lock() else { return };
        if let Some(step) = self.next_step()
            && let Err(error) = self.take(step).await
        {
            tracing::warn!(%error, "a step of membership failed; it will be tried again");
        }
    }

    /// What is missing between the records and Raft's membership. Only what is committed counts: a leader that has not
    /// yet applied an entry of its own term may not know what was decided before it, and a membership that is not
    /// committed may still be undone. Such a one is waited for.
    fn next_step(&self) -> Option<Step> {
        let metrics = self.cluster.raft.metrics().borrow_watched().clone();
        let own = metrics.last_applied.is_some_and(|id| id.leader_id.term == metrics.current_term);
        let config = &metrics.membership_config;
        if !own || config.log_id() > &metrics.last_applied {
            return None;
        }
        if config.membership().get_joint_config().len() > 1 {
            return Some(Step::Flatten);
        }
        let kv = self.cluster.shared.view().ok()?;
        let view = View::open(&kv, &*self.cluster.sealer, self.cluster.shared.clock.now()).ok()?;
        let last = metrics.last_log_index.unwrap_or_default();
        let matched = metrics.replication.unwrap_or_default();
        for node in all_nodes(&view).ok()? {
            let member = config.membership().get_node(&node.id).is_some();
            let votes = config.voter_ids().any(|id| id == node.id);
            match node.state {
                NodeState::Removed if member && node.id != self.cluster.node => return Some(Step::Expel(node.id)),
                NodeState::Joining if votes => return Some(Step::Settle(node.id)),
                NodeState::Joining | NodeState::Active if !member => return Some(Step::Learn(node.id, node.address)),
                NodeState::Joining | NodeState::Active if !votes => {
                    let reached = matched.get(&node.id).and_then(Option::as_ref).map_or(0, |id| id.index);
                    if reached > 0 && reached + CAUGHT_UP >= last && self.cluster.alive(node.id) {
                        return Some(Step::Promote(node.id));
                    }
                }
                NodeState::Removed | NodeState::Joining | NodeState::Active => {}
            }
        }
        None
    }

    async fn take(&self, step: Step) -> Result<(), raft_store_core::cluster::ClusterError> {
        match step {
            Step::Expel(id) => self.cluster.expel(id).await,
            Step::Learn(id, address) => {
                let node = PeerNode { address };
                let added = self.cluster.raft.add_learner(id, node, false).await;
                added.map(drop).map_err(|_| raft_store_core::cluster::ClusterError::Busy)
            }
            Step::Promote(id) => self.cluster.change_members(ChangeMembers::AddVoterIds(BTreeSet::from([id]))).await,
            Step::Flatten => self.cluster.change_members(ChangeMembers::AddVoterIds(BTreeSet::new())).await,
            Step::Settle(id) => {
                let request = Request::new("membership");
                let settled = self.cluster.store.transact(&request, |tx| {
                    let news = set_node_state(tx, id, NodeState::Active)?;
                    Ok(if news { Outcome::Commit(()) } else { Outcome::Answer(()) })
                });
                settled.await?;
                tracing::info!(node = id, "a node has joined as voter");
                Ok(())
            }
        }
    }

    /// Removes expired records, as the leader, in bounded steps.
    async fn sweep(&self) {
        while self.leads() && !self.stop.is_cancelled() {
            let shared = &self.cluster.shared;
            let now = shared.clock.now();
            let attempt = AttemptId(self.cluster.env.random_id());
            let started = Instant::now();
            let step = {
                let Ok(kv) = shared.view() else { return };
                let level = shared.progress.lock().position.level.0;
                sweep::step(&kv, &self.sweep, level, now, attempt, now.plus_ms(5_000))
            };
            match step {
                Ok(Some(entry)) => {
                    let full = entry.mutations.len() >= raft_store_core::limits::SWEEP_STEP;
                    if !self.origin.sweep(&entry, attempt).await || !full {
                        return;
                    }
                    tokio::time::sleep(started.elapsed().clamp(SWEEP_PAUSE.0, SWEEP_PAUSE.1)).await;
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the sweep failed");
                    return;
                }
            }
        }
    }

    #[expect(clippy::unused_async, reason = "duties are called alike")]
    async fn renew_certificate(&self) {
        if let Some(credentials) = &self.cluster.credentials {
            // Files are read and written: not on a runtime thread.
            tokio::task::block_in_place(|| {
                self.cluster.try_unseal();
                credentials.look(self.cluster.true_time());
            });
        }
    }

    async fn keep_trust(&self) {
        if let Some(credentials) = &self.cluster.credentials {
            self.cluster.keep_trust(credentials).await;
        }
    }

    /// Snapshots by bytes and time, and purges what followers no longer need (store.md 17).
    async fn compact(&self, mut ticks: tokio::time::Interval) {
        let mut marks: VecDeque<(Instant, u64, u64)> = VecDeque::new();
        let mut snapshot_bytes = 0;
        let mut snapshot_at = Instant::now();
        let mut snapshot_index = 0;
        let mut was_short = false;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let bytes = self.log.appended_bytes();
            let applied = self.cluster.shared.applied_index().0;
            if marks.back().is_none_or(|(_, index, _)| *index < applied) {
                marks.push_back((Instant::now(), applied, bytes));
            }
            let grown = bytes.saturating_sub(snapshot_bytes);
            // With little room the log is kept short: a follower that lacks what is gone takes the snapshot.
            let short = self.cluster.space.seen().space != DiskSpace::Ample;
            let became_short = short && !std::mem::replace(&mut was_short, short);
            let enough =
                if short { SHORT_LOG.min(self.compaction.snapshot_bytes) } else { self.compaction.snapshot_bytes };
            let due = grown >= enough
                || (grown > 0 && became_short)
                || (grown > 0 && snapshot_at.elapsed() >= self.compaction.snapshot_interval);
            if due && applied > snapshot_index {
                (snapshot_bytes, snapshot_at, snapshot_index) = (bytes, Instant::now(), applied);
                drop(self.cluster.raft.trigger().snapshot().await);
            }
            let snapshot = self.cluster.raft.metrics().borrow_watched().snapshot.map_or(0, |id| id.index);
            let mut purge = 0;
            while let Some((at, index, at_bytes)) = marks.front().copied() {
                let needless = short
                    || bytes.saturating_sub(at_bytes) >= self.compaction.keep_bytes
                    || at.elapsed() >= self.compaction.keep_for;
                if !needless || index > snapshot {
                    break;
                }
                purge = index;
                marks.pop_front();
            }
            if purge > 0 {
                drop(self.cluster.raft.trigger().purge_log(purge).await);
            }
        }
    }
}

/// A step of membership.
enum Step {
    Expel(u64),
    Learn(u64, String),
    Promote(u64),
    /// Ends a joint membership whose leader was lost between its two entries.
    Flatten,
    Settle(u64),
}
