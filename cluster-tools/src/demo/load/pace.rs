//! Requests by the clock.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Requests of one stream that may be under way: four seconds' worth, then the stream falls behind and its rate shows it.
const IN_FLIGHT: usize = 512;

/// A stream of requests, so many a second.
pub(super) struct Pace {
    clock: Interval,
    until: Instant,
    free: Arc<Semaphore>,
    under_way: JoinSet<()>,
}

/// Leave to start one request.
pub(super) struct Turn {
    /// When it was due.
    pub(super) due: Instant,
    place: OwnedSemaphorePermit,
}

impl Pace {
    /// Begins now and ends at `until`.
    pub(super) fn new(per_second: u32, until: Instant) -> Self {
        let mut clock = interval(Duration::from_secs(1) / per_second.max(1));
        // What fell due while the stream was held up goes out at once.
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Self { clock, until, free: Arc::new(Semaphore::new(IN_FLIGHT)), under_way: JoinSet::new() }
    }

    /// Waits until the next request is due; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Turn> {
        let due = self.clock.tick().await.into_std();
        let place = Arc::clone(&self.free).acquire_owned().await.ok()?;
        while self.under_way.try_join_next().is_some() {}
        (Instant::now() < self.until).then_some(Turn { due, place })
    }

    /// Starts a request.
    pub(super) fn start(&mut self, turn: Turn, request: impl Future<Output = ()> + Send + 'static) {
        self.under_way.spawn(async move {
            request.await;
            drop(turn.place);
        });
    }

    /// Waits for the last answer.
    pub(super) async fn finished(mut self) {
        while self.under_way.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_answer_does_not_slow_the_stream() {
        let mut pace = Pace::new(100, Instant::now() + Duration::from_millis(300));
        let mut sent = 0;
        while let Some(turn) = pace.next().await {
            sent += 1;
            pace.start(turn, tokio::time::sleep(Duration::from_millis(200)));
        }
        pace.finished().await;
        assert!(sent > 20, "{sent} requests");
    }
}
