//! A consistent view of the state for raft-store-core.

use std::sync::Arc;

use raft_store_core::kv::{Batch, Kv, Pair, Write};
use raft_store_core::{KvError, ReadKv, Space};
use rocksdb::{BoundColumnFamily, Direction, IteratorMode, ReadOptions, SnapshotWithThreadMode, WriteBatch};

use super::database::{Database, Db, Generation};

/// A key and a value as RocksDB gives them.
type RawPair = (Box<[u8]>, Box<[u8]>);

/// One RocksDB snapshot over the families of one generation.
pub(crate) struct RocksView<'a> {
    snapshot: SnapshotWithThreadMode<'a, Db>,
    state: Arc<BoundColumnFamily<'a>>,
    outcomes: Arc<BoundColumnFamily<'a>>,
}

fn failed(error: impl std::fmt::Display) -> KvError {
    KvError(error.to_string())
}

impl<'a> RocksView<'a> {
    /// Opens a view of the present state.
    ///
    /// # Errors
    /// When the current generation is missing.
    pub(crate) fn open(database: &'a Database) -> Result<Self, KvError> {
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
    pub(crate) fn of(database: &'a Database, generation: &Generation) -> Result<Self, KvError> {
        let state = database.cf(&generation.state()).map_err(failed)?;
        let outcomes = database.cf(&generation.outcomes()).map_err(failed)?;
        Ok(Self { snapshot: database.db.snapshot(), state, outcomes })
    }

    /// Walks one of its families.
    pub(crate) fn iterate(
        &self,
        space: Space,
        from: IteratorMode<'_>,
    ) -> impl Iterator<Item = Result<RawPair, rocksdb::Error>> {
        self.snapshot.iterator_cf(self.family(space), from)
    }

    const fn family(&self, space: Space) -> &Arc<BoundColumnFamily<'a>> {
        match space {
            Space::State => &self.state,
            Space::Outcomes => &self.outcomes,
        }
    }
}

impl ReadKv for RocksView<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.snapshot.get_cf(self.family(space), key).map_err(failed)
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to);
        let mode = IteratorMode::From(from, Direction::Forward);
        let iterator = self.snapshot.iterator_cf_opt(self.family(space), options, mode);
        iterator
            .take(limit)
            .map(|pair| pair.map(|(key, value)| (key.into_vec(), value.into_vec())).map_err(failed))
            .collect()
    }
}

impl Kv for Database {
    type Snapshot<'a> = RocksView<'a>;

    fn snapshot(&self) -> Result<RocksView<'_>, KvError> {
        RocksView::open(self)
    }

    /// Writes to the current generation, unsynced: the next append's sync carries it.
    fn write(&self, batch: Batch) -> Result<(), KvError> {
        let generation = self.generation.load();
        let state = self.cf(&generation.state()).map_err(failed)?;
        let outcomes = self.cf(&generation.outcomes()).map_err(failed)?;
        let family = |space| match space {
            Space::State => &state,
            Space::Outcomes => &outcomes,
        };
        let mut out = WriteBatch::default();
        for write in batch.writes {
            match write {
                Write::Set(space, key, Some(value)) => out.put_cf(family(space), key, value),
                Write::Set(space, key, None) => out.delete_cf(family(space), key),
                Write::DeleteRange(space, from, to) => out.delete_range_cf(family(space), from, to),
            }
        }
        self.commit(out).map_err(failed)
    }

    fn sync(&self) -> Result<(), KvError> {
        self.flush().map_err(failed)
    }
}
