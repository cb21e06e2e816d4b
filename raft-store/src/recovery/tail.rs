//! A state with writes on top of it that are not on disk yet.

use std::collections::BTreeMap;
use std::ops::Bound;

use raft_store_core::kv::{Batch, Pair, Write};
use raft_store_core::{KvError, ReadKv, Space};

type Written = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Unlike apply's overlay it can be scanned. It is held in memory: what it is for is short.
pub(super) struct Tail<'a> {
    base: &'a dyn ReadKv,
    state: Written,
    outcomes: Written,
    batch: Batch,
}

impl<'a> Tail<'a> {
    pub(super) fn new(base: &'a dyn ReadKv) -> Self {
        Self { base, state: Written::new(), outcomes: Written::new(), batch: Batch::default() }
    }

    /// Adds writes. Ranges are removed of outcomes only, which nobody reads again by range.
    pub(super) fn add(&mut self, batch: Batch) {
        for write in &batch.writes {
            match write {
                Write::Set(Space::State, key, value) => drop(self.state.insert(key.clone(), value.clone())),
                Write::Set(Space::Outcomes, key, value) => drop(self.outcomes.insert(key.clone(), value.clone())),
                Write::DeleteRange(..) => {}
            }
        }
        self.batch.writes.extend(batch.writes);
    }

    pub(super) fn into_batch(self) -> Batch {
        self.batch
    }

    const fn written(&self, space: Space) -> &Written {
        match space {
            Space::State => &self.state,
            Space::Outcomes => &self.outcomes,
        }
    }
}

impl ReadKv for Tail<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.written(space).get(key).map_or_else(|| self.base.get(space, key), |value| Ok(value.clone()))
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        if from >= to {
            return Ok(Vec::new());
        }
        // Each write may hide one pair below.
        let within = (Bound::Included(from), Bound::Excluded(to));
        let written: Vec<_> = self.written(space).range::<[u8], _>(within).collect();
        let below = self.base.range(space, from, to, limit.saturating_add(written.len()))?;
        let mut all: BTreeMap<Vec<u8>, Option<Vec<u8>>> =
            below.into_iter().map(|(key, value)| (key, Some(value))).collect();
        all.extend(written.into_iter().map(|(key, value)| (key.clone(), value.clone())));
        Ok(all.into_iter().filter_map(|(key, value)| Some((key, value?))).take(limit).collect())
    }
}

#[cfg(test)]
mod tests {
    use raft_store_core::Timestamp;
    use raft_store_core::kv::prefix_end;
    use raft_store_core::memory::MemoryStore;

    use super::*;

    #[test]
    fn what_was_written_hides_what_lies_below() {
        let store = MemoryStore::new(Timestamp(1));
        let snapshot = store.kv().snapshot();
        let set = |key: &str, value: Option<&str>| {
            Write::Set(Space::State, format!("~{key}").into_bytes(), value.map(|value| value.as_bytes().to_vec()))
        };
        let mut below = Tail::new(&snapshot);
        below.add(Batch { writes: vec![set("a", Some("1")), set("b", Some("2")), set("c", Some("3"))] });
        let mut top = Tail::new(&below);
        top.add(Batch { writes: vec![set("b", None), set("d", Some("4")), set("c", Some("5"))] });
        let range = |limit| -> Vec<String> {
            let pairs = top.range(Space::State, b"~", &prefix_end(b"~"), limit).unwrap();
            pairs.into_iter().map(|(key, value)| String::from_utf8([key, value].concat()).unwrap()).collect()
        };
        assert_eq!(range(9), ["~a1", "~c5", "~d4"]);
        assert_eq!(range(2), ["~a1", "~c5"]);
        assert_eq!(top.get(Space::State, b"~b").unwrap(), None);
        assert_eq!(top.get(Space::State, b"~a").unwrap(), Some(b"1".to_vec()));
    }
}
