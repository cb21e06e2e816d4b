//! Three origins on stale states, one log, entries that arrive late, twice or never.

use std::collections::BTreeMap;

use proptest::prelude::*;
use raft_store_core::apply::{Applied, Verdict};
use raft_store_core::sweep::{self, Sweepable};
use raft_store_core::{AttemptId, Read, Timestamp, wire};

use crate::audit::assert_chain_holds;
use crate::consistency::assert_consistent;
use crate::model::Model;
use crate::replica::{Replica, attempt, stamped};
use crate::script::{Script, Seen, Subject, row, run, script};
use crate::tables::{Accounts, InRealm, REALM};

const ORIGINS: usize = 3;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An origin runs a script on its state, its clock off by `skew` ms; the entry may be sent.
    Evaluate { origin: usize, skew: i8, within: u8, script: Script },
    /// One of the entries evaluated so far reaches the leader, again perhaps.
    Deliver(prop::sample::Index),
    /// The newest one does.
    DeliverLast,
    /// An origin applies some of what it has not yet, in one batch.
    CatchUp { origin: usize, entries: u8 },
    /// An origin starts again from its state.
    Restart(usize),
    /// A linearizable script that ends as an answer.
    Answer { origin: usize, script: Script },
    /// The leader proposes a step of the sweep, delivered like any other entry.
    Sweep,
    /// An entry of Raft's own.
    Blank,
    /// Time passes.
    Tick(u8),
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let origin = || 0..ORIGINS;
    let step = prop_oneof![
        6 => (origin(), -20i8..20, 0u8..120, script())
            .prop_map(|(origin, skew, within, script)| Step::Evaluate { origin, skew, within, script }),
        4 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        4 => Just(Step::DeliverLast),
        5 => (origin(), 1u8..9).prop_map(|(origin, entries)| Step::CatchUp { origin, entries }),
        1 => origin().prop_map(Step::Restart),
        2 => (origin(), script()).prop_map(|(origin, script)| Step::Answer { origin, script }),
        1 => Just(Step::Sweep),
        1 => Just(Step::Blank),
        3 => (0u8..30).prop_map(Step::Tick),
    ];
    prop::collection::vec(step, 1..90)
}

/// An entry with what its evaluation saw; a sweep saw nothing.
struct Evaluated {
    entry: wire::Entry,
    run: Option<(Script, u64, Vec<Seen>)>,
}

pub(crate) struct World {
    clock: u64,
    log: Vec<Option<wire::Entry>>,
    verdicts: Vec<Option<Applied>>,
    leader: Replica,
    origins: [Replica; ORIGINS],
    evaluated: Vec<Evaluated>,
    settled: BTreeMap<AttemptId, Applied>,
    model: Model,
    pub(crate) commits: usize,
    pub(crate) conflicts: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            clock: 1_000,
            log: Vec::new(),
            verdicts: Vec::new(),
            leader: Replica::new(),
            origins: [Replica::new(), Replica::new(), Replica::new()],
            evaluated: Vec::new(),
            settled: BTreeMap::new(),
            model: Model::default(),
            commits: 0,
            conflicts: 0,
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Evaluate { origin, skew, within, script } => {
                let now = self.clock.saturating_add_signed(i64::from(skew));
                let number = self.evaluated.len() as u64;
                let deadline = self.clock + u64::from(within);
                let evaluation = self.origins[origin]
                    .evaluate(number, now, deadline, |tx| Ok((Subject::now(tx), run(tx, &script)?)));
                let ((now, seen), entry) = evaluation.unwrap();
                self.evaluated.push(Evaluated { entry, run: Some((script, now, seen)) });
            }
            Step::Deliver(which) if !self.evaluated.is_empty() => self.deliver(which.index(self.evaluated.len())),
            Step::DeliverLast if !self.evaluated.is_empty() => self.deliver(self.evaluated.len() - 1),
            Step::Deliver(_) | Step::DeliverLast => {}
            Step::CatchUp { origin, entries } => self.catch_up(origin, usize::from(entries)),
            Step::Restart(origin) => self.origins[origin] = Replica::open(self.origins[origin].kv.clone()),
            Step::Answer { origin, script } => {
                self.catch_up(origin, usize::MAX);
                let run =
                    self.origins[origin].evaluate(0, self.clock, 0, |tx| Ok((Subject::now(tx), run(tx, &script)?)));
                let ((now, seen), _) = run.unwrap();
                assert_eq!(seen, self.model.answer(&script, now), "an answer at {}: {script:?}", self.log.len());
            }
            Step::Sweep => {
                let number = attempt(self.evaluated.len() as u64);
                let now = Timestamp(self.clock);
                let tables = [Sweepable::of::<Accounts>()];
                let entry = sweep::step(&self.leader.snapshot(), &tables, 1, now, number, now.plus_ms(1_000)).unwrap();
                self.evaluated.extend(entry.map(|entry| Evaluated { entry, run: None }));
            }
            Step::Blank => self.append(None),
            Step::Tick(ms) => self.clock += u64::from(ms),
        }
    }

    fn append(&mut self, entry: Option<wire::Entry>) {
        let applied = self.leader.apply(std::slice::from_ref(&entry)).unwrap().remove(0);
        self.log.push(entry);
        self.verdicts.push(applied);
    }

    /// The entry evaluated as number `which` reaches the leader.
    pub(crate) fn deliver(&mut self, which: usize) {
        // Leaders' clocks differ a little; cluster time does not run back.
        let stamp = self.clock - self.log.len() as u64 % 4;
        let entry = stamped(&self.evaluated[which].entry, stamp);
        self.append(Some(entry));
        let index = self.log.len() as u64;
        let applied = self.verdicts.last().cloned().flatten().unwrap();
        if let Some(first) = self.settled.get(&applied.attempt) {
            assert_eq!(applied, Applied { duplicate: true, ..first.clone() }, "one attempt, two outcomes");
            return;
        }
        assert!(!applied.duplicate);
        assert_eq!(applied.index.0, index);
        self.conflicts += usize::from(matches!(applied.verdict, Verdict::Conflict(_)));
        if applied.verdict == Verdict::Committed {
            if let Some((script, now, seen)) = &self.evaluated[which].run {
                self.commits += 1;
                assert_eq!(*seen, self.model.commit(script, *now, applied.stamp.0, index), "entry {index}: {script:?}");
            }
            self.assert_model_is_visible();
        }
        self.settled.insert(applied.attempt, applied);
    }

    fn assert_model_is_visible(&self) {
        let now = self.clock;
        assert_consistent(&self.leader);
        let seen = self.leader.look(now, |view| view.all::<InRealm>(&(REALM.to_owned(),)));
        assert_eq!(seen.into_iter().map(row).collect::<Vec<_>>(), self.model.visible(now));
    }

    fn catch_up(&mut self, origin: usize, entries: usize) {
        let replica = &mut self.origins[origin];
        let from = usize::try_from(replica.position.applied.0).unwrap();
        let to = from.saturating_add(entries).min(self.log.len());
        let applied = replica.apply(&self.log[from..to]).unwrap();
        assert_eq!(applied, self.verdicts[from..to], "what an origin learns is what every replica says");
    }

    /// Everyone catches up; every replica is equal, byte by byte, whatever its batches were.
    pub(crate) fn finish(mut self) -> (Model, Vec<(u64, u8)>) {
        for origin in 0..ORIGINS {
            self.catch_up(origin, usize::MAX);
            assert_eq!(self.origins[origin].kv.dump(), self.leader.kv.dump());
            self.assert_remembers_alike(&self.origins[origin]);
        }
        let mut at_once = Replica::new();
        at_once.apply(&self.log).unwrap();
        assert_eq!(at_once.kv.dump(), self.leader.kv.dump());
        self.assert_remembers_alike(&Replica::open(at_once.kv));
        let mut events = Vec::new();
        assert_chain_holds(&self.leader, &mut events);
        (self.model, events)
    }

    fn assert_remembers_alike(&self, other: &Replica) {
        assert_eq!(other.outcomes.len(), self.leader.outcomes.len());
        assert_eq!(other.position, self.leader.position);
        for number in self.settled.keys() {
            let here = self.leader.outcomes.get(*number, &self.leader.snapshot()).unwrap();
            assert_eq!(other.outcomes.get(*number, &other.snapshot()).unwrap(), here);
        }
    }
}
