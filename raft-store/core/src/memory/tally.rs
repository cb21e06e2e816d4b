//! What was read and written, for tests that say what a request costs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::kv::{KvError, Pair, ReadKv, Space};
use crate::wire;

/// Reads of the state by views and transactions, those of the apply position included. What apply reads does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Reads of one key.
    pub keys: u64,
    /// Reads of a range of keys.
    pub ranges: u64,
}

/// What a transaction came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Conditions that apply checks.
    pub guards: usize,
    /// What apply writes, audit events apart.
    pub mutations: usize,
    /// Audit events.
    pub events: usize,
    /// The encoded entry as it is sent to the leader.
    pub bytes: usize,
}

impl Written {
    pub(super) const fn of(entry: &wire::Entry, bytes: usize) -> Self {
        Self { guards: entry.guards.len(), mutations: entry.mutations.len(), events: entry.audit.len(), bytes }
    }
}

#[derive(Default)]
pub(super) struct Tally {
    keys: AtomicU64,
    ranges: AtomicU64,
}

impl Tally {
    pub(super) fn reads(&self) -> Reads {
        Reads { keys: self.keys.load(Ordering::Relaxed), ranges: self.ranges.load(Ordering::Relaxed) }
    }
}

/// Counts what is read through it.
pub(super) struct Counted<'a, K> {
    pub(super) kv: &'a K,
    pub(super) tally: &'a Tally,
}

impl<K: ReadKv> ReadKv for Counted<'_, K> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.tally.keys.fetch_add(1, Ordering::Relaxed);
        self.kv.get(space, key)
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        self.tally.ranges.fetch_add(1, Ordering::Relaxed);
        self.kv.range(space, from, to, limit)
    }
}
