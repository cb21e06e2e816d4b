//! Cluster time as a leader tells it with a `ReadIndex` (store.md 10).

use std::sync::Arc;

use raft_store_core::Timestamp;

use super::stamper::Offsets;
use crate::machine::Shared;

/// What a leader needs to say what time it is.
///
/// Only entries carry stamps. A cluster that nobody writes to, or that was down for an hour, knows from its last one and
/// its own steady clock what time it would be, not what time it is.
#[derive(Clone)]
pub(crate) struct LeaderTime {
    node: u64,
    shared: Arc<Shared>,
    offsets: Arc<Offsets>,
}

impl LeaderTime {
    pub(crate) const fn new(node: u64, shared: Arc<Shared>, offsets: Arc<Offsets>) -> Self {
        Self { node, shared, offsets }
    }

    /// What this leader would stamp an entry with now; its own reading is put right by it. None while it knows no median
    /// of the voters' clocks: its own last reading may be from before an outage.
    pub(crate) fn tell(&self, voters: &[u64]) -> Option<Timestamp> {
        let clock = &self.shared.clock;
        let asked = clock.moment();
        let stamp = self.offsets.stamp(self.node, voters, clock.floor())?;
        clock.put_right(stamp, asked);
        Some(stamp)
    }
}

#[cfg(test)]
#[path = "leader_time_test.rs"]
mod tests;
