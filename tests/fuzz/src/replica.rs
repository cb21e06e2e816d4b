//! A replica in memory.

use raft_store_core::apply::{Applied, Fatal, Overlay, Position, apply};
use raft_store_core::memory::MemoryKv;
use raft_store_core::outcomes::Outcomes;
use raft_store_core::{Kv, Revision, Space, wire};

pub(crate) struct Replica {
    pub(crate) kv: MemoryKv,
    outcomes: Outcomes,
    pub(crate) position: Position,
}

impl Replica {
    pub(crate) fn new() -> Self {
        Self::open(MemoryKv::default())
    }

    /// What a start does: everything comes from the state.
    pub(crate) fn open(kv: MemoryKv) -> Self {
        let snapshot = kv.snapshot();
        let outcomes = Outcomes::load(&snapshot).expect("what was applied can be read");
        let position = Position::read(&snapshot).expect("what was applied can be read");
        Self { kv, outcomes, position }
    }

    pub(crate) fn restarted(self) -> Self {
        Self::open(self.kv)
    }

    /// Applies entries in one batch.
    pub(crate) fn apply(&mut self, entries: &[wire::Entry]) -> Result<Vec<Applied>, Fatal> {
        let snapshot = self.kv.snapshot();
        let mut overlay = Overlay::new(&snapshot);
        let mut out = Vec::new();
        for entry in entries {
            let index = Revision(self.position.applied.0 + 1);
            out.push(apply(&mut overlay, &mut self.outcomes, &mut self.position, index, entry)?);
        }
        overlay.push(self.position.write());
        let batch = overlay.into_batch();
        drop(snapshot);
        self.kv.write(batch)?;
        Ok(out)
    }

    pub(crate) fn dump(&self) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
        self.kv.dump()
    }
}
