//! Values read lately, so that records that every request asks for (a realm, its keys, a client) are not looked for in
//! RocksDB each time: a lookup there is one in memtables, filters and blocks.
//!
//! A value kept here is what one snapshot said. It counts for another snapshot when nothing was written to its key between
//! the two, and this is known without a list of keys: each key falls into one of many stripes, and before a batch is
//! written, each stripe that it touches takes the batch's revision. So a value read at `a` counts at `b` while its stripe
//! was last changed at or before both. Keys that share a stripe only cost each other a lookup.
//!
//! Whatever is asked, the answer is the one that RocksDB would give (store.md 6): a test applies one log with and without.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;
use prometheus::core::Collector;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

/// What all values kept may weigh together, bytes.
pub(crate) const RECENT_BYTES: u64 = 8 * 1024 * 1024;
/// What is larger is read each time: a logo would push out thousands of records.
const LARGEST: usize = 8 * 1024;
/// What the table, the key's box and the value's counters take beside their bytes.
const OVERHEAD: usize = 96;
/// Half a mebibyte of revisions: at 5,000 transactions a second of ten keys each, a stripe is touched in vain every 1.3 s.
const STRIPES: u64 = 1 << 16;
/// For the size of the table alone.
const TYPICAL_WEIGHT: u64 = 512;

/// Without a seed, so that a simulated run can be run again. Whoever makes keys collide makes a bounded table slower.
type Hasher = BuildHasherDefault<DefaultHasher>;

#[derive(Clone)]
struct Known {
    at: u64,
    value: Option<Arc<[u8]>>,
}

#[derive(Clone, Copy)]
struct Weight;

impl Weighter<Box<[u8]>, Known> for Weight {
    fn weight(&self, key: &Box<[u8]>, known: &Known) -> u64 {
        (key.len() + known.value.as_ref().map_or(0, |value| value.len()) + OVERHEAD) as u64
    }
}

/// How often a value was known, and how often it was looked for.
#[derive(Clone)]
pub(crate) struct RecentStats {
    pub(crate) known: IntCounter,
    pub(crate) looked_up: IntCounter,
}

impl RecentStats {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let count = |name: &str, help: &str| IntCounter::new(name, help);
        Ok(Self {
            known: count("woad_record_cache_hits_total", "Point reads answered by what was read lately.")?,
            looked_up: count("woad_record_cache_misses_total", "Point reads that RocksDB answered.")?,
        })
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.known.clone()), Box::new(self.looked_up.clone())]
    }
}

/// The values of one generation of the state.
pub(crate) struct Recent {
    values: Cache<Box<[u8]>, Known, Weight, Hasher>,
    changed: Box<[AtomicU64]>,
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recent").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

impl Recent {
    /// Keeps up to `bytes`; with none, nothing.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL_WEIGHT).unwrap_or_default();
        let values = Cache::with(items, bytes, Weight, Hasher::default(), DefaultLifecycle::default());
        Self { values, changed: (0..STRIPES).map(|_| AtomicU64::new(0)).collect() }
    }

    fn changed(&self, key: &[u8]) -> Option<&AtomicU64> {
        let stripe = Hasher::default().hash_one(key) % STRIPES;
        self.changed.get(usize::try_from(stripe).ok()?)
    }

    /// The value that a snapshot at revision `at` has for `key`, if that is known here; inside, `None` where it has none.
    #[expect(clippy::option_option, reason = "known to be absent is not unknown")]
    pub(crate) fn get(&self, key: &[u8], at: u64) -> Option<Option<Vec<u8>>> {
        let known = self.values.get(key)?;
        let changed = self.changed(key)?.load(Ordering::Acquire);
        (changed <= known.at.min(at)).then(|| known.value.as_deref().map(<[u8]>::to_vec))
    }

    /// Keeps what a snapshot at revision `at` said.
    pub(crate) fn keep(&self, key: &[u8], value: Option<&[u8]>, at: u64) {
        if value.is_none_or(|value| value.len() <= LARGEST) {
            self.values.insert(key.into(), Known { at, value: value.map(Arc::from) });
        }
    }

    /// To be said of every key of a batch before it is written, with the revision that the state has after it.
    pub(crate) fn changing(&self, key: &[u8], revision: u64) {
        if let Some(changed) = self.changed(key) {
            changed.fetch_max(revision, Ordering::Release);
        }
    }

    /// Forgets everything for good that was read before `revision`.
    pub(crate) fn changing_all(&self, revision: u64) {
        for changed in &self.changed {
            changed.fetch_max(revision, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_until_its_key_is_written_and_for_no_snapshot_across_that() {
        let recent = Recent::new(RECENT_BYTES);
        assert_eq!(recent.get(b"k", 5), None);
        recent.keep(b"k", Some(b"old"), 5);
        recent.keep(b"none", None, 5);
        assert_eq!(recent.get(b"k", 5), Some(Some(b"old".to_vec())));
        assert_eq!(recent.get(b"k", 9), Some(Some(b"old".to_vec())));
        assert_eq!(recent.get(b"k", 3), Some(Some(b"old".to_vec())), "unchanged since the beginning");
        assert_eq!(recent.get(b"none", 9), Some(None));

        recent.changing(b"k", 7);
        for at in [3, 5, 6, 7, 8] {
            assert_eq!(recent.get(b"k", at), None, "{at}");
        }
        // A snapshot from before the write keeps what it read: it counts for nobody.
        recent.keep(b"k", Some(b"old"), 6);
        assert_eq!(recent.get(b"k", 7), None);
        assert_eq!(recent.get(b"k", 6), None);
        recent.keep(b"k", Some(b"new"), 7);
        assert_eq!(recent.get(b"k", 8), Some(Some(b"new".to_vec())));
        assert_eq!(recent.get(b"k", 6), None, "an old snapshot does not see the new value");
        assert_eq!(recent.get(b"none", 9), Some(None), "another key");

        recent.changing_all(8);
        assert_eq!((recent.get(b"k", 8), recent.get(b"none", 8)), (None, None));
    }

    #[test]
    fn so_much_is_kept_at_most_and_nothing_large() {
        let recent = Recent::new(64 * 1024);
        for key in 0_u32..10_000 {
            recent.keep(&key.to_be_bytes(), Some(&[7; 100]), 1);
        }
        assert!(recent.values.weight() <= 64 * 1024);
        recent.keep(b"large", Some(&[0; LARGEST + 1]), 1);
        assert_eq!(recent.get(b"large", 1), None);
        let none = Recent::new(0);
        none.keep(b"k", Some(b"v"), 1);
        assert_eq!(none.get(b"k", 1), None);
    }
}
