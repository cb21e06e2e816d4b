//! A consistent view of the state for raft-store-core.

use std::io;

use raft_store_core::kv::{Batch, Kv, Pair, Write};
use raft_store_core::{KvError, ReadKv, Space};

use super::database::{Database, Generation};
use super::engine::{Frozen, Of, Pairs};

/// One consistent view over the families of one generation.
pub(crate) struct StateView<'a>(Box<dyn Frozen + 'a>);

fn failed(error: impl std::fmt::Display) -> KvError {
    KvError(error.to_string())
}

const fn of(space: Space) -> Of {
    match space {
        Space::State => Of::First,
        Space::Outcomes => Of::Second,
    }
}

impl<'a> StateView<'a> {
    /// Opens a view of the present state.
    ///
    /// # Errors
    /// When the current generation is missing.
    pub(crate) fn open(database: &'a Database) -> io::Result<Self> {
        loop {
            let generation = database.generation.load();
            let opened = Self::of(database, &generation);
            // A snapshot install may have replaced and dropped the generation between the two steps.
            if opened.is_ok() || database.generation.load().number == generation.number {
                return opened;
            }
        }
    }

    /// Opens a view of one generation.
    ///
    /// # Errors
    /// When it is missing.
    pub(crate) fn of(database: &'a Database, generation: &Generation) -> io::Result<Self> {
        database.engine.freeze([&generation.state(), &generation.outcomes()]).map(Self)
    }

    /// A view of the two families of a checkpoint.
    pub(crate) const fn frozen(frozen: Box<dyn Frozen + 'a>) -> Self {
        Self(frozen)
    }

    /// Every pair of one of its families, in order, read to find damage.
    pub(crate) fn scrub(&self, space: Space) -> Pairs<'_> {
        self.0.scrub(of(space))
    }
}

impl ReadKv for StateView<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.0.get(of(space), key).map_err(failed)
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let pairs = self.0.scan(of(space), from, Some(to)).take(limit);
        pairs.map(|pair| pair.map(|(key, value)| (key.into_vec(), value.into_vec())).map_err(failed)).collect()
    }
}

impl Kv for Database {
    type Snapshot<'a> = StateView<'a>;

    fn snapshot(&self) -> Result<StateView<'_>, KvError> {
        StateView::open(self).map_err(failed)
    }

    /// Writes to the current generation, unsynced: the next append's sync carries it.
    fn write(&self, batch: Batch) -> Result<(), KvError> {
        let generation = self.generation.load();
        let mut out = self.engine.batch([&generation.state(), &generation.outcomes()]).map_err(failed)?;
        for write in batch.writes {
            match write {
                Write::Set(space, key, Some(value)) => out.put(of(space), &key, &value),
                Write::Set(space, key, None) => out.delete(of(space), &key),
                Write::DeleteRange(space, from, to) => out.delete_range(of(space), &from, &to),
            }
        }
        out.commit(false).map_err(failed)
    }

    fn sync(&self) -> Result<(), KvError> {
        self.flush().map_err(failed)
    }
}
