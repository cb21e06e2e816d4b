//! How old this replica's knowledge is (store.md 14).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::env::SharedEnv;

#[derive(Clone, Copy)]
struct Success {
    boot: Duration,
    wall_ms: i64,
}

/// Age counts from the sending of the last successful `ReadIndex` that this replica has applied.
pub(crate) struct Freshness {
    env: SharedEnv,
    last: Mutex<Option<Success>>,
    /// After one time-out, issuing reads do not wait until a probe succeeds.
    cut_off: AtomicBool,
    /// The leader's process did not even take the last connection.
    leader_gone: AtomicBool,
    /// This node was removed: nothing it knows counts any more.
    ended: AtomicBool,
}

/// When a `ReadIndex` was sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent(Success);

impl Freshness {
    pub(crate) fn new(env: SharedEnv) -> Self {
        Self {
            env,
            last: Mutex::default(),
            cut_off: AtomicBool::new(false),
            leader_gone: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// To be taken just before a `ReadIndex` is sent.
    pub(crate) fn sending(&self) -> Sent {
        Sent(Success { boot: self.env.boot(), wall_ms: self.env.wall_ms() })
    }

    /// The `ReadIndex` sent then has succeeded, and its index is applied here.
    pub(crate) fn succeeded(&self, sent: Sent) {
        let mut last = self.last.lock();
        if last.is_none_or(|last| last.boot < sent.0.boot) {
            *last = Some(sent.0);
        }
        self.cut_off.store(false, Ordering::Relaxed);
        self.leader_gone.store(false, Ordering::Relaxed);
    }

    /// A call to the leader found nobody there.
    pub(crate) fn leader_is_gone(&self) {
        self.leader_gone.store(true, Ordering::Relaxed);
    }

    /// Whether the last call to the leader found nobody there.
    pub(crate) fn found_no_leader(&self) -> bool {
        self.leader_gone.load(Ordering::Relaxed)
    }

    /// A `ReadIndex` was not answered in time.
    pub(crate) fn timed_out(&self) {
        self.cut_off.store(true, Ordering::Relaxed);
    }

    /// Whether the last `ReadIndex` went unanswered.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// The others say that this node was removed: it has no grace from here on.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether this node was removed.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// The age, if the grace covers it. A grace of zero covers nothing, not even what was confirmed at this instant.
    pub(crate) fn within(&self, grace: Duration) -> Option<Duration> {
        self.age().filter(|age| !grace.is_zero() && *age <= grace)
    }

    /// The larger of elapsed boot time and elapsed wall clock; `None` before the first success after a start.
    pub(crate) fn age(&self) -> Option<Duration> {
        if self.has_ended() {
            return None;
        }
        let last = (*self.last.lock())?;
        let boot = self.env.boot().saturating_sub(last.boot);
        let wall = u64::try_from(self.env.wall_ms().saturating_sub(last.wall_ms)).unwrap_or_default();
        Some(boot.max(Duration::from_millis(wall)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which no time passes.
    struct Still;

    impl crate::env::Env for Still {
        fn wall_ms(&self) -> i64 {
            1_700_000_000_000
        }
        fn boot(&self) -> Duration {
            Duration::from_secs(60)
        }
        fn fill_random(&self, buffer: &mut [u8]) {
            buffer.fill(1);
        }
        fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
            work();
        }
    }

    #[test]
    fn a_grace_of_zero_is_none_even_at_the_instant_of_a_success() {
        let freshness = Freshness::new(SharedEnv(std::sync::Arc::new(Still)));
        assert_eq!(
            freshness.within(Duration::from_secs(10)),
            None,
            "a restarted node has none before its first success"
        );
        freshness.succeeded(freshness.sending());
        assert_eq!(freshness.within(Duration::from_millis(1)), Some(Duration::ZERO));
        assert_eq!(freshness.within(Duration::ZERO), None);
    }
}
