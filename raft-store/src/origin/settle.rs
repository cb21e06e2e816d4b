//! One attempt, from its first send to its outcome (store.md 7, 8).

use openraft::async_runtime::WatchReceiver;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use raft_store_core::apply::{Applied, Verdict};
use raft_store_core::limits::OUTCOME_RETENTION_MS;
use raft_store_core::{AttemptId, Mutant, Timestamp, wire};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::forward::{Attempt, Forwarder, Refusal, Sends};
use super::proposer::Refused;
use crate::machine::Shared;
use crate::proto::RefusalKind;
use crate::types::Raft;

/// An attempt without outcome is sent again after this long: a stream may have died without a word.
const RESEND: Duration = Duration::from_secs(1);
/// Cluster time behind an attempt's deadline until which every replica remembers what became of it: well within what they
/// remember, less what an attempt may take.
const REMEMBERED_MS: u64 = OUTCOME_RETENTION_MS / 3;
/// Between a refusal and the next send, when nothing else tells that something has changed.
const PAUSE: Duration = Duration::from_millis(15);

/// How an attempt ended.
pub(super) enum Settled {
    /// Apply has spoken.
    Outcome(Applied),
    /// No send of it was appended; nothing happened.
    Refused(RefusalKind, Timestamp),
    /// Time ran out before any send may have been appended; nothing happened.
    NotSent,
    /// Time ran out while a send may have been appended.
    Unknown,
}

/// What settling needs.
pub(super) struct Settler<S = Forwarder> {
    pub(super) raft: Raft,
    pub(super) shared: Arc<Shared>,
    pub(super) forwarder: S,
}

/// Forgets the waiter when the attempt is given up.
struct Registered<'a> {
    shared: &'a Shared,
    attempt: AttemptId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.shared.waiters.forget(self.attempt);
    }
}

impl<S: Sends> Settler<S> {
    /// Sends the entry until its outcome is known or `deadline` has passed. The bytes never change.
    pub(super) async fn settle(&self, entry: &wire::Entry, attempt: AttemptId, deadline: Instant) -> Settled {
        let mut outcome = self.shared.waiters.register(attempt);
        let _registered = Registered { shared: &self.shared, attempt };
        let bytes = Arc::new(entry.encode_to_vec());
        let mut in_doubt = false;
        loop {
            let Some((leader, address)) = self.leader(deadline).await else {
                return give_up(&mut outcome, entry, in_doubt);
            };
            if Instant::now() >= deadline {
                return give_up(&mut outcome, entry, in_doubt);
            }
            let send = Attempt { id: attempt.0.to_vec(), bytes: Arc::clone(&bytes), again: in_doubt };
            // A send that waits behind a full queue has not happened: given up there, it leaves no doubt.
            let Ok(refusal) = timeout_at(deadline, self.forwarder.send(leader, &address, send)).await else {
                return give_up(&mut outcome, entry, in_doubt);
            };
            let answer = tokio::select! {
                biased;
                applied = &mut outcome => match applied {
                    Ok(applied) => return believed(applied, entry, in_doubt),
                    Err(_) => return Settled::Unknown,
                },
                answer = self.answer(refusal, leader) => answer,
                () = sleep_until(deadline) => {
                    return give_up(&mut outcome, entry, true);
                }
            };
            match answer {
                Answer::Refused(Refused { kind: RefusalKind::RefusalDiscarded, .. })
                    if Mutant::DiscardedRejected.lives() =>
                {
                    return Settled::NotSent;
                }
                Answer::Refused(refused) if definite(refused.kind) => {
                    let retry = matches!(refused.kind, RefusalKind::RefusalNotLeader | RefusalKind::RefusalBusy);
                    if !retry && (!in_doubt || Mutant::EarlyConflict.lives()) {
                        return Settled::Refused(refused.kind, refused.stamp);
                    }
                }
                Answer::Lost | Answer::Silent | Answer::LeaderChanged if Mutant::UnknownReevaluated.lives() => {
                    return Settled::Unknown;
                }
                Answer::Refused(_) | Answer::Lost | Answer::Silent | Answer::LeaderChanged => in_doubt = true,
            }
            let pause = (Instant::now() + PAUSE).min(deadline);
            tokio::select! {
                biased;
                applied = &mut outcome => match applied {
                    Ok(applied) => return believed(applied, entry, in_doubt),
                    Err(_) => return Settled::Unknown,
                },
                () = sleep_until(pause) => {}
            }
        }
    }

    /// Who leads, and where.
    async fn leader(&self, deadline: Instant) -> Option<(u64, String)> {
        let mut metrics = self.raft.server_metrics();
        loop {
            {
                let metrics = metrics.borrow_and_update();
                if let Some(leader) = metrics.current_leader
                    && let Some(peer) = metrics.membership_config.get_node(&leader)
                {
                    return Some((leader, peer.address.clone()));
                }
            }
            timeout_at(deadline, metrics.changed()).await.ok()?.ok()?;
        }
    }

    async fn answer(&self, refusal: Refusal, leader: u64) -> Answer {
        let mut metrics = self.raft.server_metrics();
        let changed = async {
            while metrics.changed().await.is_ok() {
                if metrics.borrow_and_update().current_leader.is_some_and(|now| now != leader) {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            refused = refusal => refused.map_or(Answer::Lost, Answer::Refused),
            () = changed => Answer::LeaderChanged,
            () = tokio::time::sleep(RESEND) => Answer::Silent,
        }
    }
}

enum Answer {
    /// This send was refused, or its entry discarded.
    Refused(Refused),
    /// The stream broke.
    Lost,
    /// Another node leads now.
    LeaderChanged,
    /// Nothing was heard.
    Silent,
}

/// Whether the refusal says that this send was not appended. A newer leader's refusal may say anything.
const fn definite(kind: RefusalKind) -> bool {
    !matches!(kind, RefusalKind::RefusalDiscarded | RefusalKind::RefusalUnknown)
}

/// What apply said of an attempt. Of one that may have been sent again, a verdict against it may be that of the second entry while the
/// first took effect: where cluster time leapt ahead meanwhile, the first outcome may be forgotten, and this replica may have
/// passed it by a snapshot.
fn believed(applied: Applied, entry: &wire::Entry, in_doubt: bool) -> Settled {
    let forgotten = applied.stamp.0 > entry.deadline_ms.saturating_add(REMEMBERED_MS);
    let against = applied.verdict != Verdict::Committed && !applied.duplicate;
    if in_doubt && against && forgotten { Settled::Unknown } else { Settled::Outcome(applied) }
}

fn give_up(outcome: &mut oneshot::Receiver<Applied>, entry: &wire::Entry, in_doubt: bool) -> Settled {
    match outcome.try_recv() {
        Ok(applied) => believed(applied, entry, in_doubt),
        Err(_) if in_doubt => Settled::Unknown,
        Err(_) => Settled::NotSent,
    }
}

#[cfg(test)]
#[path = "settle_test.rs"]
mod tests;
