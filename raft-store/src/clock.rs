//! The cluster clock, as one node reads it (store.md 10).

use std::time::Duration;

use parking_lot::Mutex;
use raft_store_core::{Mutant, Timestamp};

use crate::env::SharedEnv;

/// How far this clock may be ahead of a leader's that goes on before it is put back, ms.
pub(crate) const TOLERATED_MS: u64 = 1_000;
/// The same of a time that is held back: more than two answers within one millisecond of the leader's can be apart.
const TOLERATED_HELD_MS: u64 = 5;

struct Reading {
    seen: Timestamp,
    at: Duration,
    /// The highest stamp of an entry that was observed.
    applied: Timestamp,
    /// The highest that a leader said it would stamp, unless another contradicted it since.
    told: Timestamp,
}

impl Reading {
    /// What nobody's time is less than, as far as this node knows.
    fn floor(&self) -> Timestamp {
        self.applied.max(self.told)
    }
}

/// A reading, and when it was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) time: Timestamp,
    at: Duration,
}

/// The highest cluster time seen plus this node's own elapsed boot time, unless a leader knows better. Never a wall
/// clock.
pub(crate) struct ClusterClock {
    env: SharedEnv,
    reading: Mutex<Reading>,
}

impl ClusterClock {
    pub(crate) fn new(env: SharedEnv) -> Self {
        let at = env.boot();
        Self { env, reading: Mutex::new(Reading { seen: Timestamp(0), at, applied: Timestamp(0), told: Timestamp(0) }) }
    }

    fn elapsed(&self, reading: &Reading) -> Timestamp {
        later(reading.seen, self.env.boot().saturating_sub(reading.at))
    }

    /// Cluster time now.
    pub(crate) fn now(&self) -> Timestamp {
        if Mutant::LocalClock.lives() {
            return Timestamp(u64::try_from(self.env.wall_ms()).unwrap_or_default());
        }
        self.elapsed(&self.reading.lock())
    }

    /// Takes in the stamp of an entry; an earlier one changes nothing.
    pub(crate) fn observe(&self, stamp: Timestamp) {
        let mut reading = self.reading.lock();
        reading.applied = reading.applied.max(stamp);
        if stamp > self.elapsed(&reading) {
            (reading.seen, reading.at) = (stamp, self.env.boot());
        }
    }

    /// Starts again from a stamp that contradicted this clock, even if it is lower.
    pub(crate) fn restart(&self, stamp: Timestamp) {
        let mut reading = self.reading.lock();
        reading.told = reading.told.min(stamp);
        (reading.seen, reading.at) = (stamp.max(reading.applied), self.env.boot());
    }

    /// The highest stamp that was observed or told: what a leader stamps or tells is never less.
    pub(crate) fn floor(&self) -> Timestamp {
        self.reading.lock().floor()
    }

    /// To be taken before the leader is asked what it would stamp.
    pub(crate) fn moment(&self) -> Moment {
        Moment { time: self.now(), at: self.env.boot() }
    }

    /// Takes in what the leader would stamp now, by its answer to a question asked at `asked`; what it says counts as
    /// seen. A clock that is behind goes on from there; so does one that is further ahead than is tolerated, which while
    /// the leader's time is held back is next to nothing: a clock would run away from it, and call things ended that
    /// others call good.
    pub(crate) fn put_right(&self, stamp: Timestamp, asked: Moment) {
        let mut reading = self.reading.lock();
        let held = stamp <= reading.floor();
        let stamp = stamp.max(reading.floor());
        reading.told = stamp;
        let own = self.elapsed(&reading);
        let boot = self.env.boot();
        let tolerated = if held { TOLERATED_HELD_MS } else { TOLERATED_MS };
        if stamp > own {
            (reading.seen, reading.at) = (stamp, boot);
        } else if own > later(stamp, boot.saturating_sub(asked.at)).plus_ms(tolerated) {
            (reading.seen, reading.at) = (stamp, asked.at);
        }
    }

    /// Whether this clock was put back since that moment, or on by more than is tolerated: what was judged by its time
    /// is to be judged again.
    pub(crate) fn was_put_right_since(&self, moment: Moment) -> bool {
        let (now, expected) = (self.now(), later(moment.time, self.env.boot().saturating_sub(moment.at)));
        now.plus_ms(TOLERATED_HELD_MS) < expected || now > expected.plus_ms(TOLERATED_MS)
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.plus_ms(u64::try_from(by.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::env::Env;

    /// A boot clock that a test moves.
    #[derive(Default)]
    struct Moved(AtomicU64);

    impl Env for Moved {
        fn wall_ms(&self) -> i64 {
            0
        }
        fn boot(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::SeqCst))
        }
        fn fill_random(&self, _: &mut [u8]) {}
        fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
            work();
        }
    }

    fn clock() -> (ClusterClock, impl Fn(u64)) {
        let moved = Arc::new(Moved::default());
        let clock = ClusterClock::new(SharedEnv(Arc::clone(&moved) as _));
        let pass = move |ms| {
            moved.0.fetch_add(ms, Ordering::SeqCst);
        };
        (clock, pass)
    }

    #[test]
    fn a_clock_that_is_behind_goes_on_from_what_the_leader_says() {
        let (clock, pass) = clock();
        clock.observe(Timestamp(1_000));
        pass(50);
        let asked = clock.moment();
        clock.put_right(Timestamp(3_600_000), asked);
        assert!(clock.was_put_right_since(asked));
        pass(7);
        assert_eq!(clock.now(), Timestamp(3_600_007));
    }

    #[test]
    fn while_the_leaders_time_stands_still_so_does_a_clock() {
        let (clock, pass) = clock();
        clock.observe(Timestamp(5_000));
        for _ in 0..100 {
            let asked = clock.moment();
            pass(3);
            clock.put_right(Timestamp(5_000), asked);
            assert!(clock.now().0 <= 5_003 + TOLERATED_HELD_MS, "{:?}", clock.now());
            pass(97);
        }
        // Nobody asked for an hour.
        let judged = clock.moment();
        pass(3_600_000);
        assert!(!clock.was_put_right_since(judged), "time that passes is no correction");
        clock.put_right(Timestamp(5_000), clock.moment());
        assert_eq!(clock.now(), Timestamp(5_000));
        assert!(clock.was_put_right_since(judged));
    }

    #[test]
    fn what_a_leader_told_is_not_taken_back_but_by_its_word_against_a_write() {
        let (clock, pass) = clock();
        clock.observe(Timestamp(5_000));
        clock.put_right(Timestamp(60_000), clock.moment());
        pass(10);
        clock.put_right(Timestamp(5_000), clock.moment());
        assert_eq!((clock.now(), clock.floor()), (Timestamp(60_000), Timestamp(60_000)), "held where it was");
        clock.restart(Timestamp(40_000));
        assert_eq!((clock.now(), clock.floor()), (Timestamp(40_000), Timestamp(40_000)));
        clock.restart(Timestamp(1_000));
        assert_eq!((clock.now(), clock.floor()), (Timestamp(5_000), Timestamp(5_000)), "an entry has that stamp");
    }

    #[test]
    fn a_clock_a_little_ahead_of_a_time_that_goes_on_is_left_alone() {
        let (clock, pass) = clock();
        clock.observe(Timestamp(5_000));
        pass(2_000);
        let asked = clock.moment();
        clock.put_right(Timestamp(6_000), asked);
        assert_eq!(clock.now(), Timestamp(7_000));
        clock.put_right(Timestamp(6_001), clock.moment());
        assert!(!clock.was_put_right_since(asked));
        pass(1);
        clock.put_right(Timestamp(5_990), clock.moment());
        assert_eq!(clock.now(), Timestamp(6_001), "that is no time that goes on");
        assert!(clock.was_put_right_since(asked));
    }

    #[test]
    fn an_answer_that_was_long_under_way_puts_nothing_back() {
        let (clock, pass) = clock();
        clock.observe(Timestamp(5_000));
        let asked = clock.moment();
        pass(20_000);
        clock.put_right(Timestamp(5_000), asked);
        assert_eq!(clock.now(), Timestamp(25_000), "the leader's time may have gone on as long");
        assert!(!clock.was_put_right_since(asked));
    }

    #[test]
    fn an_answer_puts_nothing_back_behind_an_entry_that_was_observed_meanwhile() {
        let (clock, _) = clock();
        clock.observe(Timestamp(5_000));
        let asked = clock.moment();
        clock.observe(Timestamp(7_200_000));
        clock.put_right(Timestamp(5_000), asked);
        assert_eq!((clock.now(), clock.floor()), (Timestamp(7_200_000), Timestamp(7_200_000)));
    }
}
