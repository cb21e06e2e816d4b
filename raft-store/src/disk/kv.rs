//! A consistent view of the state for raft-store-core.

use std::io;
use std::sync::Arc;

use raft_store_core::apply::{POSITION, Position};
use raft_store_core::kv::{Batch, Kv, Pair, Write};
use raft_store_core::{KvError, ReadKv, Space};

use super::database::{Database, Generation};
use super::engine::{Frozen, Of, Pairs, RawPair};
use super::recent::{Recent, RecentStats};
use crate::fault::Faults;

/// One consistent view over the families of one generation.
pub(crate) struct StateView<'a> {
    frozen: Box<dyn Frozen + 'a>,
    /// Told of reads that fail: the node's service ends, whoever was reading. None for a checkpoint.
    faults: Option<&'a Faults>,
    /// None for a checkpoint, and for a state without a position.
    known: Option<Known<'a>>,
}

/// What is known of a snapshot without asking it.
struct Known<'a> {
    values: Arc<Recent>,
    stats: &'a RecentStats,
    /// The record of its position, which every view asks for first.
    position: Vec<u8>,
    /// The revision it shows.
    at: u64,
}

impl<'a> Known<'a> {
    fn of(frozen: &dyn Frozen, database: &'a Database, generation: &Generation) -> io::Result<Option<Self>> {
        let position = frozen.get(Of::First, &POSITION)?;
        Ok(position.and_then(|position| {
            let at = Position::applied_in(&position)?.0;
            Some(Self { values: Arc::clone(&generation.recent), stats: &database.recent, position, at })
        }))
    }
}

fn failed(error: impl std::fmt::Display) -> KvError {
    KvError(error.to_string())
}

pub(super) const fn of(space: Space) -> Of {
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
        let frozen = database.engine.freeze(generation.families())?;
        let known = Known::of(&*frozen, database, generation).inspect_err(|error| database.faults.storage(error))?;
        Ok(Self { frozen, faults: Some(&database.faults), known })
    }

    /// A view of the two families of a checkpoint.
    pub(crate) const fn frozen(frozen: Box<dyn Frozen + 'a>) -> Self {
        Self { frozen, faults: None, known: None }
    }

    /// A read that failed. It is never "absent".
    fn failed(&self, error: &io::Error) -> KvError {
        if let Some(faults) = self.faults {
            faults.storage(error);
        }
        failed(error)
    }

    /// Every pair of one of its families, in order, read to find damage.
    pub(crate) fn scrub(&self, space: Space) -> Pairs<'_> {
        self.frozen.scrub(of(space))
    }
}

impl ReadKv for StateView<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        let read = || self.frozen.get(of(space), key).map_err(|error| self.failed(&error));
        let (Some(known), Space::State) = (&self.known, space) else { return read() };
        if *key == POSITION {
            return Ok(Some(known.position.clone()));
        }
        if let Some(value) = known.values.get(key, known.at) {
            known.stats.known.inc();
            return Ok(value);
        }
        known.stats.looked_up.inc();
        let value = read()?;
        known.values.keep(key, value.as_deref(), known.at);
        Ok(value)
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let pairs = self.frozen.scan(of(space), from, Some(to)).take(limit);
        let plain = |(key, value): RawPair| (key.into_vec(), value.into_vec());
        pairs.map(|pair| pair.map(plain).map_err(|error| self.failed(&error))).collect()
    }
}

/// Before it is written: whoever sees the batch must know what it changed.
fn note_changes(recent: &Recent, batch: &Batch) {
    let position = batch.writes.iter().rev().find_map(|write| match write {
        Write::Set(Space::State, key, Some(value)) if *key == POSITION => Position::applied_in(value),
        _ => None,
    });
    // What does not say where the state is after it is never taken for known.
    let revision = position.map_or(u64::MAX, |applied| applied.0);
    for write in &batch.writes {
        match write {
            Write::Set(Space::State, key, _) => recent.changing(key, revision),
            Write::DeleteRange(Space::State, ..) => recent.changing_all(revision),
            Write::Set(Space::Outcomes, ..) | Write::DeleteRange(Space::Outcomes, ..) => {}
        }
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
        note_changes(&generation.recent, &batch);
        let mut out = self.engine.batch(generation.families()).map_err(failed)?;
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
