//! The one thread that makes appends and votes durable: group commit without timers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use openraft::storage::IOFlushed;
use parking_lot::Mutex;
use prometheus::{Histogram, HistogramOpts};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::database::Database;
use crate::types::TypeConfig;

/// Someone who waits for durability.
pub(crate) enum Waiter {
    Appended(IOFlushed<TypeConfig>),
    Saved(oneshot::Sender<io::Result<()>>),
}

impl Waiter {
    fn done(self, result: Result<&(), &io::Error>) {
        let result = result.copied().map_err(|error| io::Error::new(error.kind(), error.to_string()));
        match self {
            Self::Appended(callback) => callback.io_completed(result),
            Self::Saved(sender) => drop(sender.send(result)),
        }
    }
}

/// What the sync thread has done, for metrics and readiness.
pub(crate) struct SyncStats {
    /// Seconds of a flush.
    pub(crate) seconds: Histogram,
    /// Appends and votes that one flush made durable.
    pub(crate) served: Histogram,
    /// When the oldest unserved waiter came, in ms since the thread started, plus one; zero: none waits.
    oldest: AtomicU64,
    failed: AtomicBool,
}

/// Upper bounds of a flush in seconds: from a write cache to a spinning disk and a hung one.
const SECONDS: [f64; 10] = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.02, 0.1, 1.0, 5.0];
/// Upper bounds of waiters a flush.
const SERVED: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0];

impl SyncStats {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let histogram = |name: &str, help: &str, bounds: &[f64]| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec()))
        };
        Ok(Self {
            seconds: histogram("woad_wal_fsync_seconds", "A sync of the write-ahead log.", &SECONDS)?,
            served: histogram("woad_wal_fsync_callbacks", "Appends and votes that one sync made durable.", &SERVED)?,
            oldest: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        })
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn prometheus::core::Collector>> {
        vec![Box::new(self.seconds.clone()), Box::new(self.served.clone())]
    }

    fn record(&self, took: Duration, served: usize) {
        self.seconds.observe(took.as_secs_f64());
        self.served.observe(f64::from(u32::try_from(served).unwrap_or(u32::MAX)));
    }

    /// Whether a flush has failed; the node is to stop then.
    #[must_use]
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// A waiter, and when it came, as [`SyncStats::oldest`] counts.
struct Queued {
    since: u64,
    waiter: Waiter,
}

/// The thread and its queue.
pub(crate) struct SyncThread {
    queue: Mutex<Option<UnboundedSender<Queued>>>,
    handle: Mutex<Option<JoinHandle<()>>>,
    stats: Arc<SyncStats>,
    started: Instant,
}

impl SyncThread {
    /// Starts the thread. `delay` is slept after every flush, to stand for a disk that really flushes.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub(crate) fn start(database: Arc<Database>, delay: Option<Duration>) -> io::Result<Arc<Self>> {
        let (this, queue) = Self::new()?;
        let stats = Arc::clone(&this.stats);
        let handle = std::thread::Builder::new()
            .name("wal-sync".to_owned())
            .spawn(move || run(&database, queue, delay, &stats))?;
        *this.handle.lock() = Some(handle);
        Ok(this)
    }

    fn new() -> io::Result<(Arc<Self>, UnboundedReceiver<Queued>)> {
        let (sender, receiver) = unbounded_channel();
        let this = Self {
            queue: Mutex::new(Some(sender)),
            handle: Mutex::default(),
            stats: Arc::new(SyncStats::new().map_err(super::io_error)?),
            started: Instant::now(),
        };
        Ok((Arc::new(this), receiver))
    }

    /// A task of the present runtime instead of a thread: before each flush it pauses for as long as `pause` says.
    #[cfg(feature = "simulation")]
    pub(crate) fn simulated(
        database: Arc<Database>,
        mut pause: impl FnMut() -> Duration + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let (this, mut queue) = Self::new()?;
        let stats = Arc::clone(&this.stats);
        tokio::spawn(async move {
            while let Some(first) = queue.recv().await {
                let start = Instant::now();
                let waiters = all(first, &mut queue, &stats);
                tokio::time::sleep(pause()).await;
                finish(waiters, &database.flush(), start, &stats);
            }
        });
        Ok(this)
    }

    /// Queues a waiter; it is told once everything written before this call is durable.
    pub(crate) fn enqueue(&self, waiter: Waiter) -> io::Result<()> {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX) + 1;
        let _ = self.stats.oldest.compare_exchange(0, since, Ordering::Relaxed, Ordering::Relaxed);
        let queue = self.queue.lock();
        let sent = queue.as_ref().map(|queue| queue.send(Queued { since, waiter }));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(io::Error::other("the sync thread has stopped")),
        }
    }

    /// How long the oldest waiter has waited.
    #[must_use]
    pub(crate) fn stalled_for(&self) -> Duration {
        match self.stats.oldest.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.started.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    /// Whether somebody waits for a flush.
    pub(crate) fn is_flushing(&self) -> bool {
        self.stats.oldest.load(Ordering::Relaxed) != 0
    }

    /// Its counters.
    #[must_use]
    pub(crate) fn stats(&self) -> &SyncStats {
        &self.stats
    }

    /// Closes the queue and waits for the thread. What is queued is still served.
    pub(crate) fn stop(&self) {
        self.queue.lock().take();
        if let Some(handle) = self.handle.lock().take()
            && handle.join().is_err()
        {
            tracing::error!("the sync thread panicked");
        }
    }
}

fn run(database: &Database, mut queue: UnboundedReceiver<Queued>, delay: Option<Duration>, stats: &SyncStats) {
    while let Some(first) = queue.blocking_recv() {
        let start = Instant::now();
        let waiters = all(first, &mut queue, stats);
        let result = database.flush();
        if let Some(delay) = delay {
            std::thread::sleep(delay);
        }
        finish(waiters, &result, start, stats);
    }
}

/// Everyone whom the flush that begins now serves.
fn all(first: Queued, queue: &mut UnboundedReceiver<Queued>, stats: &SyncStats) -> Vec<Waiter> {
    // Who came during the last flush has waited since then.
    stats.oldest.store(first.since, Ordering::Relaxed);
    let mut waiters = vec![first.waiter];
    waiters.extend(std::iter::from_fn(|| queue.try_recv().ok()).map(|queued| queued.waiter));
    waiters
}

fn finish(waiters: Vec<Waiter>, result: &io::Result<()>, start: Instant, stats: &SyncStats) {
    stats.record(start.elapsed(), waiters.len());
    stats.oldest.store(0, Ordering::Relaxed);
    if let Err(error) = result {
        stats.failed.store(true, Ordering::Relaxed);
        tracing::error!(%error, "the write-ahead log could not be synced");
    }
    for waiter in waiters {
        waiter.done(result.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_during_a_flush_counts_as_waiting_in_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let database = Arc::new(Database::open(folder.path()).unwrap());
        let flush = Duration::from_millis(300);
        let sync = SyncThread::start(Arc::clone(&database), Some(flush)).unwrap();
        let enqueue = || {
            let (sender, receiver) = oneshot::channel();
            sync.enqueue(Waiter::Saved(sender)).unwrap();
            receiver
        };
        let first = enqueue();
        std::thread::sleep(flush / 3);
        let second = enqueue();
        first.blocking_recv().unwrap().unwrap();
        std::thread::sleep(flush / 6);
        assert!(sync.stalled_for() > flush / 2, "{:?}", sync.stalled_for());
        second.blocking_recv().unwrap().unwrap();
        sync.stop();
        assert_eq!(sync.stalled_for(), Duration::ZERO);
        assert!(sync.enqueue(Waiter::Saved(oneshot::channel().0)).is_err());
        database.close();
    }
}
