//! The leader's proposer: one task that checks, stamps and sends in order (store.md 7, 9, 21).

use openraft::async_runtime::WatchReceiver;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openraft::errors::ClientWriteError;
use prost::Message;
use raft_store_core::apply::early_conflict;
use raft_store_core::check::check;
use raft_store_core::limits::{MAX_DEADLINE_MS, MAX_ENTRY_BYTES};
use raft_store_core::{Level, Mutant, Timestamp, wire};
use tokio::sync::mpsc;

use super::room::Room;
use super::stamper::Offsets;
use crate::machine::Shared;
use crate::proto::{self, RefusalKind};
use crate::types::{Callback, LeaderId, Proposal, Raft};

/// Proposals waiting for the proposer; more wait at their origins.
const QUEUE: usize = 1024;
/// Proposals stamped in one go.
const BATCH: usize = 256;
/// How long a new leader may take to apply what it has inherited before it stamps.
const INHERIT: Duration = Duration::from_secs(2);

/// A proposal as the leader sees it.
pub(crate) struct Proposed {
    pub(crate) entry: wire::Entry,
    /// Encoded length.
    pub(crate) bytes: usize,
    /// An earlier send may have been appended.
    pub(crate) again: bool,
    /// The node it came from, by certificate.
    pub(crate) origin: u64,
    pub(crate) refusals: mpsc::Sender<Refused>,
}

/// A send that was not appended, or whose entry was discarded.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) attempt: Vec<u8>,
    pub(crate) kind: RefusalKind,
    pub(crate) stamp: Timestamp,
}

impl Refused {
    pub(crate) fn into_message(self) -> proto::Refusal {
        proto::Refusal { attempt: self.attempt, kind: self.kind as i32, stamp_ms: self.stamp.0 }
    }

    pub(crate) fn from_message(refusal: proto::Refusal) -> Self {
        let kind = RefusalKind::try_from(refusal.kind).unwrap_or(RefusalKind::RefusalUnknown);
        Self { attempt: refusal.attempt, kind, stamp: Timestamp(refusal.stamp_ms) }
    }
}

/// A handle on the proposer's queue.
#[derive(Clone)]
pub(crate) struct Proposer {
    queue: mpsc::Sender<Proposed>,
    paused: Arc<AtomicBool>,
}

/// While it lives, the proposer appends nothing.
pub(crate) struct Paused(Arc<AtomicBool>);

impl Drop for Paused {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Proposer {
    /// Starts the task.
    pub(crate) fn start(
        raft: Raft,
        shared: Arc<Shared>,
        offsets: Arc<Offsets>,
        node: u64,
        tables: BTreeSet<u16>,
        room: Room,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let paused = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&paused);
        let task = Task { raft, shared, offsets, node, tables, room, paused: seen, reign: None, last: Timestamp(0) };
        tokio::spawn(task.run(receiver));
        Self { queue: sender, paused }
    }

    /// Queues a proposal; waits while the queue is full.
    pub(crate) async fn submit(&self, proposed: Proposed) {
        drop(self.queue.send(proposed).await);
    }

    /// Refuses new proposals while the guard lives: their origins try again.
    pub(crate) fn pause(&self) -> Paused {
        self.paused.store(true, Ordering::SeqCst);
        Paused(Arc::clone(&self.paused))
    }
}

struct Task {
    raft: Raft,
    shared: Arc<Shared>,
    offsets: Arc<Offsets>,
    node: u64,
    /// Every table this binary knows.
    tables: BTreeSet<u16>,
    room: Room,
    /// Leadership is being handed over.
    paused: Arc<AtomicBool>,
    /// The leadership whose inherited entries are applied.
    reign: Option<LeaderId>,
    last: Timestamp,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Proposed>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            let leader = self.leadership().await;
            let voters: Vec<u64> = self.raft.voter_ids().collect();
            let position = self.shared.progress.lock().position;
            for proposed in batch.drain(..) {
                match leader {
                    Some(_) if self.paused.load(Ordering::SeqCst) => {
                        self.refuse(&proposed, RefusalKind::RefusalBusy);
                    }
                    None => self.refuse(&proposed, RefusalKind::RefusalNotLeader),
                    Some(leader) => {
                        let last = self.last.max(self.shared.clock.floor());
                        self.last = self.offsets.stamp(self.node, &voters, last).unwrap_or(last);
                        self.propose(leader, proposed, position.level, &voters).await;
                    }
                }
            }
        }
    }

    /// This node's leadership, once everything it has inherited is applied: stamps must not fall below inherited ones.
    async fn leadership(&mut self) -> Option<LeaderId> {
        let leader = self.raft.as_leader().ok().map(|leader| *leader.leader_id())?;
        if self.reign == Some(leader) {
            return Some(leader);
        }
        let inherited = self.raft.metrics().borrow_watched().last_log_index.unwrap_or_default();
        let mut applied = self.shared.applied.subscribe();
        let waited = tokio::time::timeout(INHERIT, applied.wait_for(|applied| *applied >= inherited)).await;
        if !matches!(waited, Ok(Ok(_))) {
            return None;
        }
        self.last = self.last.max(self.shared.progress.lock().position.clock);
        self.reign = Some(leader);
        self.raft.as_leader().ok().map(|now| *now.leader_id()).filter(|now| *now == leader)
    }

    fn refuse(&self, proposed: &Proposed, kind: RefusalKind) {
        let refused = Refused { attempt: proposed.entry.attempt.clone(), kind, stamp: self.last };
        // A full channel means an origin that reads no refusals: it will resend.
        drop(proposed.refusals.try_send(refused));
    }

    /// What speaks against appending, before it is appended. A resend passes: what counts then is decided at apply.
    fn objection(&self, proposed: &Proposed, level: Level, voters: &[u64]) -> Option<RefusalKind> {
        let entry = &proposed.entry;
        // What stands in the log is never skipped: a malformed entry would stop every node.
        let malformed = check(entry, |table| self.tables.contains(&table.0));
        if malformed.is_err() || proposed.bytes > MAX_ENTRY_BYTES {
            tracing::error!(origin = proposed.origin, ?malformed, "a malformed proposal was refused");
            return Some(RefusalKind::RefusalMalformed);
        }
        if entry.deadline_ms > self.last.0.saturating_add(MAX_DEADLINE_MS) {
            return Some(RefusalKind::RefusalDeadlineTooFar);
        }
        if proposed.again {
            if Mutant::EarlyConflict.lives()
                && self.shared.view().is_ok_and(|view| matches!(early_conflict(&view, entry), Ok(Some(_))))
            {
                return Some(RefusalKind::RefusalLevel);
            }
            return None;
        }
        if entry.deadline_ms < self.last.0 {
            return Some(RefusalKind::RefusalLate);
        }
        if entry.level != level.0 {
            return Some(RefusalKind::RefusalLevel);
        }
        if self.room.refuses(entry, voters) {
            return Some(RefusalKind::RefusalFull);
        }
        None
    }

    async fn propose(&mut self, leader: LeaderId, mut proposed: Proposed, level: Level, voters: &[u64]) {
        if let Some(kind) = self.objection(&proposed, level, voters) {
            self.refuse(&proposed, kind);
            return;
        }
        proposed.entry.stamp_ms = self.last.0;
        proposed.entry.origin = proposed.origin;
        let bytes = proposed.entry.encode_to_vec();
        let (attempt, refusals, stamp) = (proposed.entry.attempt, proposed.refusals, self.last);
        let responder = Callback::new(move |result: openraft::raft::ClientWriteResult<_>| {
            let kind = match result {
                Ok(_) => return,
                Err(ClientWriteError::ForwardToLeader(_)) => RefusalKind::RefusalNotLeader,
                Err(_) => RefusalKind::RefusalDiscarded,
            };
            drop(refusals.try_send(Refused { attempt, kind, stamp }));
        });
        let sent = self.raft.write(Proposal(bytes.into())).with_leader(leader).responder(responder).await;
        if let Err(error) = sent {
            tracing::error!(%error, "raft has stopped");
        }
    }
}
