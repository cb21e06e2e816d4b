//! One replica: a state, what it remembers, and how it applies.

use prost::Message;
use raft_store_core::apply::{Applied, Fatal, Overlay, Position, apply};
use raft_store_core::memory::{MemoryKv, MemorySnapshot, PlainSealer};
use raft_store_core::outcomes::Outcomes;
use raft_store_core::{Abort, AttemptId, Kv, Revision, Timestamp, Tx, View, wire};

#[derive(Default)]
pub(crate) struct Replica {
    pub(crate) kv: MemoryKv,
    pub(crate) outcomes: Outcomes,
    pub(crate) position: Position,
}

impl Replica {
    pub(crate) fn new() -> Self {
        Self::open(MemoryKv::default())
    }

    /// What a start does: everything comes from the state.
    pub(crate) fn open(kv: MemoryKv) -> Self {
        let snapshot = kv.snapshot();
        let outcomes = Outcomes::load(&snapshot).unwrap();
        let position = Position::read(&snapshot).unwrap();
        Self { kv, outcomes, position }
    }

    /// Applies entries in one batch; the first one stands right after what was applied. `None`: an entry of Raft's own.
    pub(crate) fn apply(&mut self, entries: &[Option<wire::Entry>]) -> Result<Vec<Option<Applied>>, Fatal> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = self.kv.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        let mut out = Vec::new();
        for entry in entries {
            let index = Revision(self.position.applied.0 + 1);
            out.push(match entry {
                None => {
                    self.position.applied = index;
                    None
                }
                Some(entry) => Some(apply(&mut overlay, &mut self.outcomes, &mut self.position, index, entry)?),
            });
        }
        overlay.push(self.position.write());
        let batch = overlay.into_batch();
        drop(snapshot);
        self.kv.write(batch)?;
        Ok(out)
    }

    /// Applies one entry that must be understood.
    pub(crate) fn apply_one(&mut self, entry: &wire::Entry) -> Applied {
        self.apply(&[Some(entry.clone())]).unwrap().remove(0).unwrap()
    }

    pub(crate) fn snapshot(&self) -> MemorySnapshot {
        self.kv.snapshot()
    }

    /// Evaluates a transaction on the present state without sending it anywhere. The number names the attempt.
    pub(crate) fn evaluate<A>(
        &self,
        number: u64,
        now: u64,
        deadline: u64,
        f: impl FnOnce(&mut Tx<'_>) -> Result<A, Abort>,
    ) -> Result<(A, wire::Entry), Abort> {
        let snapshot = self.kv.snapshot();
        let mut tx = Tx::new(View::open(&snapshot, &PlainSealer, Timestamp(now))?);
        let answer = f(&mut tx)?;
        let entry = tx.finish(attempt(number), Timestamp(deadline))?;
        Ok((answer, wire::Entry::decode(entry.encode_to_vec().as_slice()).unwrap()))
    }

    /// The entry of such an evaluation, which succeeds.
    pub(crate) fn entry<A>(
        &self,
        number: u64,
        now: u64,
        deadline: u64,
        f: impl FnOnce(&mut Tx<'_>) -> Result<A, Abort>,
    ) -> wire::Entry {
        self.evaluate(number, now, deadline, f).unwrap().1
    }

    /// Looks at the present state.
    pub(crate) fn look<A>(&self, now: u64, f: impl FnOnce(&View<'_>) -> Result<A, Abort>) -> A {
        let snapshot = self.kv.snapshot();
        f(&View::open(&snapshot, &PlainSealer, Timestamp(now)).unwrap()).unwrap()
    }

    /// Evaluates, stamps with `now` and applies at once.
    pub(crate) fn commit<A>(
        &mut self,
        number: u64,
        now: u64,
        f: impl FnOnce(&mut Tx<'_>) -> Result<A, Abort>,
    ) -> (A, Applied) {
        let (answer, mut entry) = self.evaluate(number, now, now + 5_000, f).unwrap();
        entry.stamp_ms = now;
        let applied = self.apply_one(&entry);
        (answer, applied)
    }
}

pub(crate) fn attempt(number: u64) -> AttemptId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    AttemptId(id)
}

pub(crate) fn stamped(entry: &wire::Entry, stamp: u64) -> wire::Entry {
    wire::Entry { stamp_ms: stamp, ..entry.clone() }
}
