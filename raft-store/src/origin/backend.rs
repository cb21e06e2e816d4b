//! The replicated [`Backend`]: transactions and views at this node.

use std::sync::Arc;
use std::time::Duration;

use raft_store_core::apply::Verdict;
use raft_store_core::limits::{MAX_IN_FLIGHT, MAX_RETRIES, MAX_WAITING};
use raft_store_core::store::{Backend, BoxFuture, TxFn, ViewFn};
use raft_store_core::{
    Abort, AttemptId, Done, Freshness as Wanted, Mutant, Outcome, Request, Revision, StoreError, Timestamp, Tx, View,
    layout, wire,
};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::freshness::Freshness;
use super::queues::Queues;
use super::read_index::{ReadIndex, Unconfirmed};
use super::settle::{Settled, Settler};
use crate::agreement::Quarantine;
use crate::clock::Moment;
use crate::env::SharedEnv;
use crate::machine::Shared;
use crate::metrics::StoreMetrics;
use crate::proto::RefusalKind;

/// Without a quorum, a linearizable read is answered 503 within a second.
const LINEARIZABLE_WAIT: Duration = Duration::from_millis(900);
/// An issuing read waits no longer before it falls back on the grace.
const ISSUING_WAIT: Duration = Duration::from_millis(300);
/// What a client is told to wait when nothing was done.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// First pause after a conflict; doubled each time, jittered.
const BACKOFF_MS: u64 = 2;

/// Everything that a request's transaction or read needs at this node.
pub(crate) struct Origin {
    pub(super) settler: Settler,
    pub(super) read_index: ReadIndex,
    pub(super) freshness: Arc<Freshness>,
    pub(super) shared: Arc<Shared>,
    env: SharedEnv,
    queues: Queues,
    in_flight: Semaphore,
    waiting: Semaphore,
    metrics: Arc<StoreMetrics>,
    quarantine: Arc<Quarantine>,
}

const NOT_DONE: StoreError = StoreError::NotDone { retry: RETRY_AFTER };

fn store_error(abort: &Abort) -> StoreError {
    if abort.is_too_large() {
        StoreError::TooLarge
    } else if abort.is_sealed() {
        StoreError::Sealed
    } else {
        tracing::error!(%abort, "an evaluation was aborted");
        StoreError::Stopped
    }
}

/// What an evaluation came to.
enum Evaluated {
    Answer(Revision, Moment),
    Commit(wire::Entry, AttemptId),
}

impl Origin {
    #[expect(clippy::too_many_arguments, reason = "called once, where everything meets")]
    pub(crate) fn new(
        raft: crate::types::Raft,
        forwarder: super::Forwarder,
        read_index: ReadIndex,
        freshness: Arc<Freshness>,
        shared: Arc<Shared>,
        env: SharedEnv,
        metrics: Arc<StoreMetrics>,
        quarantine: Arc<Quarantine>,
    ) -> Self {
        let settler = Settler { raft, shared: Arc::clone(&shared), forwarder };
        Self {
            settler,
            read_index,
            freshness,
            shared,
            env,
            queues: Queues::default(),
            in_flight: Semaphore::new(MAX_IN_FLIGHT),
            waiting: Semaphore::new(MAX_WAITING),
            metrics,
            quarantine,
        }
    }

    /// Runs the closure on a view at or above `floor`.
    fn evaluate(&self, f: &mut TxFn<'_>, floor: Revision, left: Duration) -> Result<Evaluated, StoreError> {
        let kv = self.shared.view().map_err(|_| StoreError::Stopped)?;
        let moment = self.shared.clock.moment();
        let view = View::open(&kv, &*self.shared.sealer, moment.time).map_err(|abort| store_error(&abort))?;
        let revision = view.position().applied;
        if revision < floor {
            return Err(NOT_DONE);
        }
        // The view's time, which is never behind what was applied, as a clock that was restarted may be.
        let now = raft_store_core::Read::now(&view);
        let mut tx = Tx::new(view);
        match f(&mut tx).map_err(|abort| store_error(&abort))? {
            Outcome::Answer(()) => Ok(Evaluated::Answer(revision, moment)),
            Outcome::Commit(()) => {
                let attempt = AttemptId(self.env.random_id());
                let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                let entry = tx.finish(attempt, now.plus_ms(left)).map_err(|abort| store_error(&abort))?;
                Ok(Evaluated::Commit(entry, attempt))
            }
        }
    }

    /// A place among the attempts under way. Who finds as many waiting as may is refused at once.
    async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, StoreError> {
        if let Ok(permit) = self.in_flight.try_acquire() {
            return Ok(permit);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            self.metrics.refused("writes");
            return Err(NOT_DONE);
        };
        let permit = timeout_at(deadline, self.in_flight.acquire()).await;
        permit.map_err(|_| NOT_DONE)?.map_err(|_| StoreError::Stopped)
    }

    pub(super) async fn run(&self, cx: &Request, f: &mut TxFn<'_>) -> Result<Done<()>, StoreError> {
        let deadline = Instant::now() + cx.within;
        let _permit = self.turn(deadline).await?;
        // What this request has learnt: an index that covers everything acknowledged before it came.
        let mut confirmed: Option<Revision> = None;
        let mut floor = Revision(0);
        let mut turn: Option<OwnedMutexGuard<()>> = None;
        let mut retries = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(NOT_DONE);
            }
            let (entry, attempt) = match self.evaluate(f, floor, left)? {
                Evaluated::Answer(revision, moment) => match confirmed {
                    _ if Mutant::UnconfirmedAnswer.lives() => {
                        return Ok(Done { answer: (), revision, age: Duration::ZERO });
                    }
                    Some(index) if revision >= index => {
                        return Ok(Done { answer: (), revision, age: Duration::ZERO });
                    }
                    _ => {
                        let index = self.confirm(LINEARIZABLE_WAIT.min(left)).await?;
                        // An answer rests on a time as well: "expired" is true once the leader's clock agrees.
                        if revision >= index && !self.shared.clock.was_put_right_since(moment) {
                            return Ok(Done { answer: (), revision, age: Duration::ZERO });
                        }
                        confirmed = Some(index);
                        floor = floor.max(index);
                        continue;
                    }
                },
                Evaluated::Commit(entry, attempt) => (entry, attempt),
            };
            self.metrics.proposed(entry.guards.len(), entry.mutations.len());
            let started = Instant::now();
            let settled = self.settler.settle(&entry, attempt, deadline).await;
            self.metrics.settled(started.elapsed());
            let applied = match settled {
                Settled::Outcome(applied) => applied,
                Settled::Refused(RefusalKind::RefusalLevel, _) => {
                    self.again(&mut retries, None, deadline).await?;
                    continue;
                }
                Settled::Refused(RefusalKind::RefusalLate | RefusalKind::RefusalDeadlineTooFar, stamp) => {
                    self.shared.clock.restart(stamp);
                    self.again(&mut retries, None, deadline).await?;
                    continue;
                }
                Settled::Refused(RefusalKind::RefusalFull, _) => return Err(StoreError::Full),
                Settled::Refused(kind, _) => {
                    tracing::error!(?kind, "the leader refused a proposal");
                    return Err(StoreError::Stopped);
                }
                Settled::NotSent => return Err(NOT_DONE),
                Settled::Unknown if Mutant::UnknownReevaluated.lives() => {
                    self.again(&mut retries, None, deadline).await?;
                    continue;
                }
                Settled::Unknown => {
                    self.metrics.unknown();
                    return Err(StoreError::Unknown { attempt });
                }
            };
            let mut table = None;
            match applied.verdict {
                Verdict::Committed => {
                    return Ok(Done { answer: (), revision: applied.index, age: Duration::ZERO });
                }
                Verdict::Conflict(key) => {
                    table = layout::id_of(&key);
                    self.metrics.conflict(table);
                    // At most one turn is held, and it is given back before another is sought.
                    drop(turn.take());
                    let waited = timeout_at(deadline, self.queues.turn(&key)).await;
                    turn = Some(waited.map_err(|_| StoreError::Contended)?);
                    floor = floor.max(applied.index);
                }
                Verdict::LevelChanged => floor = floor.max(applied.index),
                Verdict::Late | Verdict::TimeGuard => {
                    self.shared.clock.restart(applied.stamp);
                    floor = floor.max(applied.index);
                }
            }
            self.again(&mut retries, table, deadline).await?;
        }
    }

    /// Waits a jittered while before the next attempt; refuses when there were too many, counted by the table of the
    /// last conflict.
    async fn again(&self, retries: &mut u32, table: Option<u16>, deadline: Instant) -> Result<(), StoreError> {
        *retries += 1;
        if *retries > MAX_RETRIES {
            self.metrics.exhausted(table);
            return Err(StoreError::Contended);
        }
        let ceiling = BACKOFF_MS << (*retries - 1).min(6);
        let [random, ..] = self.env.random_id();
        let pause = Duration::from_micros(ceiling * 1000 * (u64::from(random) + 1) / 256);
        tokio::time::sleep_until((Instant::now() + pause).min(deadline)).await;
        Ok(())
    }

    async fn confirm(&self, within: Duration) -> Result<Revision, StoreError> {
        let started = Instant::now();
        let confirmed = self.read_index.confirm(within).await;
        self.metrics.read_index(started.elapsed(), confirmed.is_ok());
        confirmed.map_err(|why| {
            if why == Unconfirmed::TooMany {
                self.metrics.refused("reads");
            } else if within >= ISSUING_WAIT {
                // A caller in a hurry says nothing about the quorum: only a full wait cuts this replica off.
                self.freshness.timed_out();
            }
            NOT_DONE
        })
    }

    /// Runs the closure on a view at or above `floor`, once.
    fn look(&self, f: &mut ViewFn<'_>, floor: Revision) -> Result<Revision, StoreError> {
        let kv = self.shared.view().map_err(|_| StoreError::Stopped)?;
        let now: Timestamp = self.shared.clock.now();
        let view = View::open(&kv, &*self.shared.sealer, now).map_err(|abort| store_error(&abort))?;
        let revision = view.position().applied;
        if revision < floor {
            return Err(NOT_DONE);
        }
        f(&view).map_err(|abort| store_error(&abort))?;
        Ok(revision)
    }

    pub(super) async fn read(&self, cx: &Request, wanted: Wanted, f: &mut ViewFn<'_>) -> Result<Done<()>, StoreError> {
        match wanted {
            Wanted::Local => {
                let age = self.freshness.age().unwrap_or(Duration::MAX);
                let revision = self.look(f, Revision(0))?;
                Ok(Done { answer: (), revision, age })
            }
            Wanted::AtLeast(floor) => {
                if self.shared.applied_index() < floor {
                    let index = self.confirm(LINEARIZABLE_WAIT.min(cx.within)).await?;
                    if index < floor {
                        // Nothing has that revision yet, so waiting for it would not be reading.
                        return Err(NOT_DONE);
                    }
                }
                let revision = self.look(f, floor)?;
                Ok(Done { answer: (), revision, age: self.freshness.age().unwrap_or(Duration::MAX) })
            }
            Wanted::Linearizable if Mutant::StaleIntrospection.lives() => {
                let revision = self.look(f, Revision(0))?;
                Ok(Done { answer: (), revision, age: Duration::ZERO })
            }
            Wanted::Linearizable if Mutant::ViewBeforeWait.lives() => {
                let revision = self.look(f, Revision(0))?;
                self.confirm(LINEARIZABLE_WAIT.min(cx.within)).await?;
                Ok(Done { answer: (), revision, age: Duration::ZERO })
            }
            Wanted::Linearizable => {
                let index = self.confirm(LINEARIZABLE_WAIT.min(cx.within)).await?;
                let revision = self.look(f, index)?;
                Ok(Done { answer: (), revision, age: Duration::ZERO })
            }
            Wanted::Issuing { grace } => self.read_issuing(cx, grace, f).await,
        }
    }

    async fn read_issuing(&self, cx: &Request, grace: Duration, f: &mut ViewFn<'_>) -> Result<Done<()>, StoreError> {
        let within_grace = || self.freshness.within(grace);
        let skip = self.freshness.is_cut_off() && within_grace().is_some();
        if !skip && let Ok(index) = self.confirm(ISSUING_WAIT.min(cx.within)).await {
            let revision = self.look(f, index)?;
            return Ok(Done { answer: (), revision, age: Duration::ZERO });
        }
        if within_grace().is_none() {
            return Err(NOT_DONE);
        }
        let revision = self.look(f, Revision(0))?;
        // A pause during the evaluation may have used the grace up.
        let age = within_grace().ok_or(NOT_DONE)?;
        self.metrics.issued_in_grace();
        Ok(Done { answer: (), revision, age })
    }
}

impl Backend for Origin {
    fn transact<'a>(&'a self, cx: &'a Request, f: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        if self.quarantine.has_left() {
            return Box::pin(std::future::ready(Err(NOT_DONE)));
        }
        Box::pin(self.run(cx, f))
    }

    fn view<'a>(
        &'a self,
        cx: &'a Request,
        fresh: Wanted,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        if self.quarantine.has_left() {
            return Box::pin(std::future::ready(Err(NOT_DONE)));
        }
        Box::pin(self.read(cx, fresh, f))
    }
}

impl Origin {
    /// Refreshes this replica's knowledge of how fresh it is. That too many readers wait says nothing of that.
    pub(crate) async fn probe(&self, within: Duration) -> Result<(), Unconfirmed> {
        match self.read_index.confirm(within).await {
            Err(Unconfirmed::TooMany) | Ok(_) => Ok(()),
            unanswered => unanswered.map(drop),
        }
    }

    /// Sends a step of the sweep; says whether it was committed.
    pub(crate) async fn sweep(&self, entry: &wire::Entry, attempt: AttemptId) -> bool {
        let deadline = Instant::now() + raft_store_core::limits::DEFAULT_DEADLINE;
        let settled = self.settler.settle(entry, attempt, deadline).await;
        matches!(settled, Settled::Outcome(applied) if applied.verdict == Verdict::Committed)
    }
}
