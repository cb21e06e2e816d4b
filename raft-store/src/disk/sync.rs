//! The one thread that makes appends and votes durable: group commit without timers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use openraft::storage::IOFlushed;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::database::Database;
use crate::types::TypeConfig;

/// Someone who waits for durability.
pub(crate) enum Waiter {
    Appended(IOFlushed<TypeConfig>),
    Saved(oneshot::Sender<io::Result<()>>),
}

impl Waiter {
    fn done(self, result: Result<(), &io::Error>) {
        let result = result.map_err(|error| io::Error::new(error.kind(), error.to_string()));
        match self {
            Self::Appended(callback) => callback.io_completed(result),
            Self::Saved(sender) => drop(sender.send(result)),
        }
    }
}

/// What the sync thread has done, for metrics and readiness.
#[derive(Debug, Default)]
pub struct SyncStats {
    /// Flushes so far.
    pub flushes: AtomicU64,
    /// Waiters served so far.
    pub served: AtomicU64,
    /// Nanoseconds spent in flushes.
    pub nanos: AtomicU64,
    /// Durations by upper bound: see [`SyncStats::BUCKETS`].
    pub buckets: [AtomicU64; 10],
    /// When the oldest unserved waiter came, in ms since the thread started, plus one; zero: none waits.
    oldest: AtomicU64,
    failed: AtomicBool,
}

impl SyncStats {
    /// Upper bounds of [`SyncStats::buckets`] in microseconds; the last is unbounded.
    pub const BUCKETS: [u64; 9] = [50, 100, 250, 500, 1_000, 5_000, 20_000, 100_000, 1_000_000];

    fn record(&self, took: Duration, served: usize) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.served.fetch_add(served as u64, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let bucket = Self::BUCKETS.iter().position(|bound| micros <= *bound).unwrap_or(Self::BUCKETS.len());
        if let Some(count) = self.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a flush has failed; the node is to stop then.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// The thread and its queue.
pub struct SyncThread {
    queue: Mutex<Option<Sender<Waiter>>>,
    handle: Mutex<Option<JoinHandle<()>>>,
    stats: Arc<SyncStats>,
    started: Instant,
}

impl SyncThread {
    /// Starts the thread. `delay` is slept after every flush, to stand for a disk that really flushes.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn start(database: Arc<Database>, delay: Option<Duration>) -> io::Result<Arc<Self>> {
        let (sender, receiver) = channel();
        let stats = Arc::new(SyncStats::default());
        let for_thread = Arc::clone(&stats);
        let handle = std::thread::Builder::new()
            .name("wal-sync".to_owned())
            .spawn(move || run(&database, &receiver, delay, &for_thread))?;
        Ok(Arc::new(Self {
            queue: Mutex::new(Some(sender)),
            handle: Mutex::new(Some(handle)),
            stats,
            started: Instant::now(),
        }))
    }

    /// Queues a waiter; it is told once everything written before this call is durable.
    pub(crate) fn enqueue(&self, waiter: Waiter) -> io::Result<()> {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX) + 1;
        let _ = self.stats.oldest.compare_exchange(0, since, Ordering::Relaxed, Ordering::Relaxed);
        let queue = self.queue.lock();
        let sent = queue.as_ref().map(|queue| queue.send(waiter));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(io::Error::other("the sync thread has stopped")),
        }
    }

    /// How long the oldest waiter has waited.
    #[must_use]
    pub fn stalled_for(&self) -> Duration {
        match self.stats.oldest.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.started.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    /// Its counters.
    #[must_use]
    pub fn stats(&self) -> &SyncStats {
        &self.stats
    }

    /// Closes the queue and waits for the thread. What is queued is still served.
    pub fn stop(&self) {
        self.queue.lock().take();
        if let Some(handle) = self.handle.lock().take() {
            if handle.join().is_err() {
                tracing::error!("the sync thread panicked");
            }
        }
    }
}

fn run(database: &Database, queue: &Receiver<Waiter>, delay: Option<Duration>, stats: &SyncStats) {
    while let Ok(first) = queue.recv() {
        let mut waiters = vec![first];
        waiters.extend(queue.try_iter());
        let start = Instant::now();
        let result = database.sync();
        if let Some(delay) = delay {
            std::thread::sleep(delay);
        }
        stats.record(start.elapsed(), waiters.len());
        stats.oldest.store(0, Ordering::Relaxed);
        if let Err(error) = &result {
            stats.failed.store(true, Ordering::Relaxed);
            tracing::error!(%error, "the write-ahead log could not be synced");
        }
        for waiter in waiters {
            waiter.done(result.as_ref().map(|()| ()));
        }
    }
}
