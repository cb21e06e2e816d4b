//! The writes of a batch on top of a snapshot.

use std::collections::HashMap;

use crate::kv::{Batch, KvError, Pair, ReadKv, Space, Write};

/// A snapshot with the writes of a batch on top of it, so that entries of one batch see each other.
pub struct Overlay<'a> {
    base: &'a dyn ReadKv,
    state: HashMap<Vec<u8>, Option<Vec<u8>>>,
    outcomes: HashMap<Vec<u8>, Option<Vec<u8>>>,
    batch: Batch,
}

impl<'a> Overlay<'a> {
    /// Nothing written yet.
    #[must_use]
    pub fn new(base: &'a dyn ReadKv) -> Self {
        Self { base, state: HashMap::new(), outcomes: HashMap::new(), batch: Batch::default() }
    }

    /// Adds a write.
    pub fn set(&mut self, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.batch.writes.push(Write::Set(space, key.clone(), value.clone()));
        match space {
            Space::State => self.state.insert(key, value),
            Space::Outcomes => self.outcomes.insert(key, value),
        };
    }

    /// Adds a write whose key this batch does not read again.
    pub fn push(&mut self, write: Write) {
        self.batch.writes.push(write);
    }

    /// Everything written.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        self.batch
    }
}

impl ReadKv for Overlay<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        let top = match space {
            Space::State => self.state.get(key),
            Space::Outcomes => self.outcomes.get(key),
        };
        top.map_or_else(|| self.base.get(space, key), |value| Ok(value.clone()))
    }

    fn range(&self, _: Space, _: &[u8], _: &[u8], _: usize) -> Result<Vec<Pair>, KvError> {
        Err(KvError("apply does not scan".to_owned()))
    }
}
