//! What apply and snapshots come to, for metrics.

use prometheus::core::Collector;
use prometheus::{Counter, IntCounter};

/// Counts since this process started.
pub(crate) struct ApplyStats {
    pub(crate) entries: IntCounter,
    pub(crate) batches: IntCounter,
    pub(crate) seconds: Counter,
    pub(crate) bytes: IntCounter,
    pub(crate) guards: IntCounter,
    pub(crate) conflicts: IntCounter,
    pub(crate) duplicates: IntCounter,
    pub(crate) poisoned: IntCounter,
    pub(crate) snapshots_built: IntCounter,
    pub(crate) snapshots_installed: IntCounter,
}

impl ApplyStats {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let count = |name: &str, help: &str| IntCounter::new(name, help);
        Ok(Self {
            entries: count("woad_apply_entries_total", "Transactions applied.")?,
            batches: count("woad_apply_batches_total", "Batches written by apply.")?,
            seconds: Counter::new("woad_apply_seconds_total", "Time spent in apply.")?,
            bytes: count("woad_apply_bytes_total", "Bytes of transactions applied.")?,
            guards: count("woad_apply_guards_total", "Guards checked by apply.")?,
            conflicts: count("woad_apply_conflicts_total", "Transactions that met a changed record.")?,
            duplicates: count("woad_dedup_hits_total", "Attempts that apply had seen before.")?,
            poisoned: count("woad_apply_poisoned_total", "Bytes in the log that were no entry and took no effect.")?,
            snapshots_built: count("woad_snapshot_builds_total", "Snapshots built.")?,
            snapshots_installed: count("woad_snapshot_installs_total", "Snapshots installed.")?,
        })
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.entries.clone()),
            Box::new(self.batches.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.bytes.clone()),
            Box::new(self.guards.clone()),
            Box::new(self.conflicts.clone()),
            Box::new(self.duplicates.clone()),
            Box::new(self.poisoned.clone()),
            Box::new(self.snapshots_built.clone()),
            Box::new(self.snapshots_installed.clone()),
        ]
    }
}
