//! The clients' oracle. Every transaction has a revision, so their order is known: what was acknowledged must be there,
//! at that revision, with the answer that a sequential program gives; every read must be what that program has at the
//! revision it was made at, and at least as fresh as it was promised. What is unknown may be either, until somebody
//! has seen it.

use std::collections::BTreeMap;
use std::time::Duration;

use raft_store_core::Freshness;

use crate::model::Model;
use crate::op::{Call, Ended, NONE, Op, Read, Write};

/// How far the hosts' ideas of a step may differ: a tick.
const SKEW: Duration = Duration::from_millis(2);
/// How far cluster time may run ahead of true time, ms: an offset is measured within half a round trip.
const AHEAD_MS: u64 = 1_500;

/// A rule that was broken, in words.
pub(crate) type Broken = String;

/// An operation that has begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    call: Call,
    /// The highest revision that anybody had been told when it began.
    floor: u64,
}

/// A transaction, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Committed { revision: u64, answer: u64, now: u64 },
    Answered,
    NotDone,
    Unknown,
}

/// An answer given from a state.
struct Observed {
    revision: u64,
    op: Op,
    answer: u64,
    now: u64,
    id: u64,
}

/// Everything that clients were told.
#[derive(Default)]
pub(crate) struct Oracle {
    open: BTreeMap<u64, Open>,
    fates: BTreeMap<u64, (Write, Fate)>,
    observed: Vec<Observed>,
    /// The highest revision anybody was told.
    told: u64,
    /// When which revision was the highest told.
    history: Vec<(Duration, u64)>,
    pub(crate) counts: Counts,
}

/// What has come of the operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) committed: u64,
    pub(crate) answered: u64,
    pub(crate) not_done: u64,
    pub(crate) unknown: u64,
    pub(crate) in_grace: u64,
}

impl Oracle {
    /// An operation begins at its node.
    pub(crate) fn begin(&mut self, call: Call) {
        self.open.insert(call.id, Open { call, floor: self.told });
        if let Op::Write(write) = call.op {
            self.fates.insert(call.id, (write, Fate::Open));
        }
    }

    fn tell(&mut self, revision: u64, at: Duration) {
        if revision > self.told {
            self.told = revision;
            // Hosts run one after the other within a step.
            let last = self.history.last().map_or(at, |(last, _)| at.max(*last));
            self.history.push((last, revision));
        }
    }

    /// The highest revision that had been told by then.
    fn told_by(&self, at: Duration) -> u64 {
        let later = self.history.partition_point(|(when, _)| *when <= at);
        later.checked_sub(1).and_then(|last| self.history.get(last)).map_or(0, |(_, revision)| *revision)
    }

    /// An operation has ended; `true_ms` is true time.
    pub(crate) fn end(&mut self, id: u64, ended: Ended, at: Duration, true_ms: u64) -> Result<(), Broken> {
        let Some(Open { call, floor }) = self.open.remove(&id) else { return Ok(()) };
        let fate = match ended {
            Ended::Committed { revision, answer, now } => {
                self.counts.committed += 1;
                if revision.0 <= floor {
                    return Err(format!("{call:?} committed at {revision}, though {floor} was told before it began"));
                }
                ahead(&call, now, true_ms)?;
                self.tell(revision.0, at);
                Fate::Committed { revision: revision.0, answer, now }
            }
            Ended::Answered { revision, answer, now, age } => {
                self.counts.answered += 1;
                ahead(&call, now, true_ms)?;
                self.check_fresh(&call, floor, revision.0, age, at)?;
                self.check_receipt(&call, revision.0, answer)?;
                self.observed.push(Observed { revision: revision.0, op: call.op, answer, now, id });
                self.tell(revision.0, at);
                Fate::Answered
            }
            Ended::NotDone => {
                self.counts.not_done += 1;
                Fate::NotDone
            }
            Ended::Unknown => {
                self.counts.unknown += 1;
                Fate::Unknown
            }
        };
        if let Some((_, known)) = self.fates.get_mut(&id) {
            *known = fate;
        }
        Ok(())
    }

    fn check_fresh(&mut self, call: &Call, floor: u64, at: u64, age: Duration, now: Duration) -> Result<(), Broken> {
        let needed = match call.op {
            Op::Write(_) | Op::Read(_, Freshness::Linearizable) => floor,
            Op::Read(_, Freshness::AtLeast(revision)) => revision.0,
            Op::Read(_, Freshness::Local) => 0,
            Op::Read(_, Freshness::Issuing { grace }) => {
                if age > grace {
                    return Err(format!("{call:?} was answered at the age of {age:?}"));
                }
                if age.is_zero() {
                    floor
                } else {
                    self.counts.in_grace += 1;
                    0
                }
            }
        };
        // An age is a promise as well: what had been told so long ago shows.
        let aged = now.checked_sub(age.saturating_add(SKEW)).filter(|_| !age.is_zero());
        let needed = needed.max(aged.map_or(0, |then| self.told_by(then)));
        if at < needed {
            return Err(format!("stale: {call:?} was answered from {at}, age {age:?}; it must show {needed}"));
        }
        Ok(())
    }

    /// What a receipt says of a transaction that is known already.
    fn check_receipt(&self, call: &Call, at: u64, found: u64) -> Result<(), Broken> {
        let Op::Read(Read::Receipt { of }, _) = call.op else { return Ok(()) };
        match self.fates.get(&of).map(|(_, fate)| *fate) {
            Some(Fate::Committed { revision, .. }) if revision <= at && found != revision => {
                Err(format!("lost: {of} was acknowledged at {revision}, at {at} there is {found}"))
            }
            Some(Fate::NotDone | Fate::Answered) if found != NONE => {
                Err(format!("phantom: {of} was told that nothing happened, and stands at {found}"))
            }
            None if found != NONE => Err(format!("phantom: {of} was never asked for, and stands at {found}")),
            _ => Ok(()),
        }
    }

    /// All is quiet: compares everything with the receipts that the cluster holds, in the order of their revisions.
    pub(crate) fn close(
        &mut self,
        receipts: &[(u64, u64, u64, u64)],
        stamps: &BTreeMap<u64, u64>,
    ) -> Result<(), Broken> {
        let found: BTreeMap<u64, (u64, u64, u64)> =
            receipts.iter().map(|(id, revision, answer, now)| (*id, (*revision, *answer, *now))).collect();
        let mut order: BTreeMap<u64, (u64, Write, u64, u64)> = BTreeMap::new();
        for (id, (revision, answer, now)) in &found {
            let Some((write, fate)) = self.fates.get(id) else { return Err(format!("phantom: {id}")) };
            match fate {
                Fate::NotDone | Fate::Answered => {
                    return Err(format!("phantom: {id} {write:?} ended as {fate:?}, and stands at {revision}"));
                }
                Fate::Committed { revision: told, answer: said, now: then } => {
                    if (told, said, then) != (revision, answer, now) {
                        return Err(format!("{id} {write:?} ended as {fate:?}; found at {revision}: {answer}, {now}"));
                    }
                }
                Fate::Open | Fate::Unknown => {}
            }
            if let Some(other) = order.insert(*revision, (*id, *write, *answer, *now)) {
                return Err(format!("{id} and {other:?} share revision {revision}"));
            }
        }
        for (id, (write, fate)) in &self.fates {
            if matches!(fate, Fate::Committed { .. }) && !found.contains_key(id) {
                return Err(format!("lost: {id} {write:?} {fate:?}"));
            }
        }
        self.replay(&order, stamps)
    }

    fn replay(
        &mut self,
        order: &BTreeMap<u64, (u64, Write, u64, u64)>,
        stamps: &BTreeMap<u64, u64>,
    ) -> Result<(), Broken> {
        let mut model = Model::default();
        self.observed.sort_by_key(|observed| (observed.revision, observed.id));
        let mut observed = self.observed.iter().peekable();
        let mut look = |model: &Model, below: u64| -> Result<(), Broken> {
            while let Some(it) = observed.next_if(|it| it.revision < below) {
                let wanted = match it.op {
                    Op::Write(write) => model.answer(write, it.now),
                    Op::Read(read, _) => Some(model.question(read, it.now)),
                };
                if wanted != Some(it.answer) {
                    return Err(format!(
                        "{} {:?} was answered {} at {}; in the order of revisions it is {wanted:?}",
                        it.id, it.op, it.answer, it.revision
                    ));
                }
            }
            Ok(())
        };
        for (revision, (id, write, answer, now)) in order {
            look(&model, *revision)?;
            // Evaluated at one time, applied at a later: what had expired by then may have gone in between.
            let stamp = stamps.get(revision).copied().unwrap_or(u64::MAX);
            let wanted = model.commit(*id, *write, (*now, stamp), *revision);
            if wanted != Ok(*answer) {
                return Err(format!(
                    "{id} {write:?} committed at {revision} with {answer}; in the order of revisions it is {wanted:?}"
                ));
            }
        }
        look(&model, u64::MAX)
    }
}

fn ahead(call: &Call, now: u64, true_ms: u64) -> Result<(), Broken> {
    if now > true_ms + AHEAD_MS {
        return Err(format!("{call:?} was evaluated at {now}, {} ms ahead of true time", now - true_ms));
    }
    Ok(())
}
