//! Password hashing on a bounded pool: so many at once, so many waiting, and no more.
//!
//! A hash takes tens of milliseconds of a core and 19 MiB. Without a bound a crowd of sign-ins would take the node's
//! memory and its other requests with it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use woad_identity::password::{self, HashParams, PasswordFault, PasswordHash, Verified};
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
            PoolError::Broken => Self::NO_RANDOMNESS,
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
    metrics: Metrics,
}

impl PasswordPool {
    /// A pool that computes `threads` hashes at once and lets `queue` more wait. Their memory is `threads` × 19 MiB.
    #[must_use]
    pub fn new(threads: NonZeroUsize, queue: usize, metrics: Metrics) -> Self {
        let places = threads.get().saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let threads = threads.get().min(Semaphore::MAX_PERMITS);
        Self { threads: Arc::new(Semaphore::new(threads)), places: Arc::new(Semaphore::new(places)), metrics }
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
        self.run(move || password::hash(HashParams::default(), salt, &password)).await
    }

    /// Whether a password is the one behind a hash.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub async fn verify(&self, hash: PasswordHash, password: Zeroizing<String>) -> Result<Verified, PoolError> {
        self.run(move || password::verify(&hash, &password)).await
    }

    /// Runs one piece of work. It keeps its places until it ends, whether or not anybody waits for it still.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PoolError> {
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
        let done = tokio::task::spawn_blocking(move || {
            let out = work();
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
