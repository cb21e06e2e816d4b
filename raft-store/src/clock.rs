//! The cluster clock, as one node reads it (store.md 10).

use std::time::Duration;

use parking_lot::Mutex;
use raft_store_core::{Mutant, Timestamp};

use crate::env::SharedEnv;

struct Reading {
    seen: Timestamp,
    at: Duration,
}

/// The highest cluster time seen plus this node's own elapsed boot time. Never a wall clock.
pub(crate) struct ClusterClock {
    env: SharedEnv,
    reading: Mutex<Reading>,
}

impl ClusterClock {
    pub(crate) fn new(env: SharedEnv) -> Self {
        let at = env.boot();
        Self { env, reading: Mutex::new(Reading { seen: Timestamp(0), at }) }
    }

    fn elapsed(&self, reading: &Reading) -> Timestamp {
        let since = self.env.boot().saturating_sub(reading.at);
        reading.seen.plus_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Cluster time now.
    pub(crate) fn now(&self) -> Timestamp {
        if Mutant::LocalClock.lives() {
            return Timestamp(u64::try_from(self.env.wall_ms()).unwrap_or_default());
        }
        self.elapsed(&self.reading.lock())
    }

    /// Takes in a stamp that was seen; an earlier one changes nothing.
    pub(crate) fn observe(&self, stamp: Timestamp) {
        let mut reading = self.reading.lock();
        if stamp > self.elapsed(&reading) {
            *reading = Reading { seen: stamp, at: self.env.boot() };
        }
    }

    /// Starts again from a stamp that contradicted this clock, even if it is lower.
    pub(crate) fn restart(&self, stamp: Timestamp) {
        *self.reading.lock() = Reading { seen: stamp, at: self.env.boot() };
    }
}
