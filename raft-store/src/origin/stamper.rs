//! The leader's stamps (store.md 9).

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use raft_store_core::Timestamp;

use crate::env::SharedEnv;

/// How long an offset counts.
const FRESH: Duration = Duration::from_secs(10);
/// A clock this far off the median is an alarm and unreadiness.
pub(crate) const SKEW_ALARM_MS: i64 = 5_000;

/// Wall clock minus this node's boot clock, of every voter that was heard.
pub(crate) struct Offsets {
    env: SharedEnv,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    by_node: BTreeMap<u64, (i64, Duration)>,
    /// The last median taken from a majority.
    median: Option<i64>,
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Offsets {
    pub(crate) fn new(env: SharedEnv) -> Self {
        Self { env, heard: Mutex::default() }
    }

    /// Takes in a peer's wall clock, read half a round trip ago.
    pub(crate) fn heard(&self, node: u64, wall_ms: i64, round_trip: Duration) {
        let now = self.env.boot();
        let offset = wall_ms.saturating_add(ms(round_trip / 2)).saturating_sub(ms(now));
        self.heard.lock().by_node.insert(node, (offset, now));
    }

    /// The lower median over the voters, from a majority heard in the last ten seconds; else the last one.
    pub(crate) fn median(&self, own: u64, voters: &[u64]) -> Option<i64> {
        let now = self.env.boot();
        let mut heard = self.heard.lock();
        let own_offset = self.env.wall_ms().saturating_sub(ms(now));
        heard.by_node.insert(own, (own_offset, now));
        let mut offsets: Vec<i64> = voters
            .iter()
            .filter_map(|voter| heard.by_node.get(voter))
            .filter(|(_, at)| now.saturating_sub(*at) < FRESH)
            .map(|(offset, _)| *offset)
            .collect();
        if offsets.len() > voters.len() / 2 {
            offsets.sort_unstable();
            heard.median = offsets.get((offsets.len() - 1) / 2).copied();
        }
        heard.median
    }

    /// How far this node's wall clock is off the median, ms.
    pub(crate) fn skew_ms(&self, own: u64, voters: &[u64]) -> Option<i64> {
        let median = self.median(own, voters)?;
        let own = self.env.wall_ms().saturating_sub(ms(self.env.boot()));
        Some(own.saturating_sub(median))
    }

    /// How far the median is behind `time`, ms: so long a leader's time stands still there.
    pub(crate) fn behind_ms(&self, own: u64, voters: &[u64], time: Timestamp) -> Option<u64> {
        let now = ms(self.env.boot()).saturating_add(self.median(own, voters)?);
        Some(time.0.saturating_sub(u64::try_from(now).unwrap_or_default()))
    }

    /// The next stamp: never below the last one; none when no median is known, and then the last one is to be repeated.
    pub(crate) fn stamp(&self, own: u64, voters: &[u64], last: Timestamp) -> Option<Timestamp> {
        let now = ms(self.env.boot()).saturating_add(self.median(own, voters)?);
        Some(last.max(Timestamp(u64::try_from(now).unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_clock_of_three_moves_nothing() {
        let env = SharedEnv::system();
        let offsets = Offsets::new(env.clone());
        offsets.heard(2, env.wall_ms(), Duration::ZERO);
        offsets.heard(3, env.wall_ms() + 3_600_000, Duration::ZERO);
        let stamp = offsets.stamp(1, &[1, 2, 3], Timestamp(0)).unwrap().0;
        assert!(stamp.abs_diff(u64::try_from(env.wall_ms()).unwrap()) < 1_000);
    }

    #[test]
    fn a_median_behind_a_time_is_so_far_behind_it() {
        let env = SharedEnv::system();
        let offsets = Offsets::new(env.clone());
        let wall = u64::try_from(env.wall_ms()).unwrap();
        let behind = offsets.behind_ms(1, &[1], Timestamp(wall + 3_600_000)).unwrap();
        assert!(behind <= 3_600_000 && behind > 3_500_000, "{behind}");
        assert_eq!(offsets.behind_ms(1, &[1], Timestamp(wall - 1)), Some(0));
        assert_eq!(offsets.behind_ms(1, &[1, 2, 3], Timestamp(wall)), Some(0), "one clock was a majority a moment ago");
        assert_eq!(Offsets::new(env).behind_ms(1, &[1, 2, 3], Timestamp(wall)), None);
    }

    #[test]
    fn without_a_majority_there_is_no_new_stamp() {
        let offsets = Offsets::new(SharedEnv::system());
        assert_eq!(offsets.stamp(1, &[1, 2, 3], Timestamp(7)), None);
    }
}
