//! Password hashing on a bounded pool: so many at once, so many waiting, and no more.
//!
//! A hash takes tens of milliseconds of a core and 19 MiB. Without a bound a crowd of sign-ins would take the node's
//! memory and its other requests with it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use woad_identity::password::{self, HashMemory, HashParams, PasswordFault, PasswordHash, Verified};
use zeroize::Zeroizing;

use crate::error::Unavailable;
use crate::metrics::{HashOutcome, Metrics};

/// Hashes at once, where nobody says otherwise: two cores' worth at most, and 38 MiB.
const DEFAULT_THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
/// Requests that may wait, where nobody says otherwise: a second or two of work for the default threads.
pub const DEFAULT_QUEUE: usize = 64;

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// As many are waiting as may.
    #[error("too many passwords are being hashed")]
    Full,
    /// The pool is no more, or a hash broke off.
    #[error("the password could not be hashed")]
    Broken,
}

impl From<PoolError> for Unavailable {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Full => Self::BUSY,
            PoolError::Broken => Self::NOT_NOW,
        }
    }
}

/// A handle on the pool. Cheap to clone.
#[derive(Clone)]
pub struct PasswordPool {
    /// One permit a hash that is computed.
    threads: Arc<Semaphore>,
    /// One permit a request that waits or is computed.
    places: Arc<Semaphore>,
    /// The memory of hashes that are not being computed: as many as were ever computed at once.
    idle: Arc<Mutex<Vec<HashMemory>>>,
    metrics: Metrics,
}

impl PasswordPool {
    /// A pool that computes `threads` hashes at once and lets `queue` more wait. Their memory is `threads` × 19 MiB.
    #[must_use]
    pub fn new(threads: NonZeroUsize, queue: usize, metrics: Metrics) -> Self {
        let places = threads.get().saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let threads = threads.get().min(Semaphore::MAX_PERMITS);
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            places: Arc::new(Semaphore::new(places)),
            idle: Arc::default(),
            metrics,
        }
    }

    /// A pool for this machine.
    #[must_use]
    pub fn for_this_machine(metrics: Metrics) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(DEFAULT_THREADS);
        Self::new(cores.min(DEFAULT_THREADS), DEFAULT_QUEUE, metrics)
    }

    /// Hashes a new password with a fresh salt.
    ///
    /// # Errors
    /// Inner: it can't be a password. Outer: see [`PoolError`].
    pub async fn hash(
        &self,
        password: Zeroizing<String>,
        salt: [u8; 16],
    ) -> Result<Result<PasswordHash, PasswordFault>, PoolError> {
        self.run(move |memory| password::hash_in(memory, HashParams::default(), salt, &password)).await
    }

    /// Whether a password is the one behind a hash.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub async fn verify(&self, hash: PasswordHash, password: Zeroizing<String>) -> Result<Verified, PoolError> {
        self.run(move |memory| password::verify_in(memory, &hash, &password)).await
    }

    /// Runs one piece of work. It keeps its places until it ends, whether or not anybody waits for it still.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => return self.failed(HashOutcome::Refused, PoolError::Full),
            Err(TryAcquireError::Closed) => return self.failed(HashOutcome::Failed, PoolError::Broken),
        };
        let waiting = self.metrics.hash_waits();
        let Ok(thread) = Arc::clone(&self.threads).acquire_owned().await else {
            return self.failed(HashOutcome::Failed, PoolError::Broken);
        };
        drop(waiting);
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, thread);
        let idle = Arc::clone(&self.idle);
        let done = tokio::task::spawn_blocking(move || {
            // One that a panic took along is made anew.
            let mut memory = idle.lock().pop().unwrap_or_default();
            let out = work(&mut memory);
            idle.lock().push(memory);
            drop(held);
            out
        });
        match done.await {
            Ok(out) => {
                self.metrics.hashed(HashOutcome::Computed);
                Ok(out)
            }
            Err(_) => self.failed(HashOutcome::Failed, PoolError::Broken),
        }
    }

    fn failed<T>(&self, outcome: HashOutcome, error: PoolError) -> Result<T, PoolError> {
        self.metrics.hashed(outcome);
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use prometheus::Registry;

    use super::*;

    fn pool(threads: usize, queue: usize, registry: &Registry) -> PasswordPool {
        PasswordPool::new(NonZeroUsize::new(threads).unwrap(), queue, Metrics::register(registry).unwrap())
    }

    fn metrics(registry: &Registry) -> String {
        prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_hashed_and_verified() {
        let pool = pool(1, 1, &Registry::new());
        let password = || Zeroizing::new("correct horse".to_owned());
        let hash = pool.hash(password(), [7; 16]).await.unwrap().unwrap();
        assert!(pool.verify(hash.clone(), password()).await.unwrap().ok);
        assert!(!pool.verify(hash, Zeroizing::new("wrong".to_owned())).await.unwrap().ok);
        assert!(pool.hash(Zeroizing::new("a\0".to_owned()), [7; 16]).await.unwrap().is_err());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_hundred_at_once_are_never_more_than_the_threads() {
        let registry = Registry::new();
        let pool = pool(3, 97, &registry);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (pool, now, most) = (pool.clone(), Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(async move {
                    let work = move |_: &mut HashMemory| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(2));
                        now.fetch_sub(1, Ordering::SeqCst);
                    };
                    pool.run(work).await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 3);
        let text = metrics(&registry);
        assert!(text.contains(r#"woad_password_hashes_total{outcome="computed"} 100"#), "{text}");
        assert!(text.contains("woad_password_queue_length 0"), "{text}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_finds_the_queue_full_is_told_at_once() {
        let registry = Registry::new();
        let pool = pool(1, 2, &registry);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| wait.recv().is_ok()).await }
        });
        let others: Vec<_> = (0..2)
            .map(|_| {
                tokio::spawn({
                    let pool = pool.clone();
                    async move { pool.run(|_| ()).await }
                })
            })
            .collect();
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|_| ()).await, Err(PoolError::Full));
        let unavailable = Unavailable::from(PoolError::Full);
        assert_eq!((unavailable.status().as_u16(), unavailable.retry_after()), (503, Some(1)));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        for other in others {
            other.await.unwrap().unwrap();
        }
        assert_eq!(pool.run(|_| ()).await, Ok(()));
        assert!(metrics(&registry).contains(r#"woad_password_hashes_total{outcome="refused"} 1"#));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_goes_away_leaves_their_place_and_work_goes_on_counted() {
        let pool = pool(1, 1, &Registry::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let computing = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| wait.recv().is_ok()).await }
        });
        while pool.threads.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|_| ()).await }
        });
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        for gone in [waiting.abort_handle(), computing.abort_handle()] {
            gone.abort();
        }
        assert!(waiting.await.is_err() && computing.await.is_err());
        assert_eq!((pool.places.available_permits(), pool.threads.available_permits()), (1, 0), "still computing");
        go.send(()).unwrap();
        while pool.threads.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.places.available_permits(), 2);
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_place_back() {
        let pool = pool(1, 0, &Registry::new());
        let broken: Result<(), _> = pool.run(|_| panic!("broken")).await;
        assert_eq!(broken, Err(PoolError::Broken));
        assert_eq!(pool.run(|_| ()).await, Ok(()));
    }
}
