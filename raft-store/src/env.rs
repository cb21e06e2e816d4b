//! What the store takes from its surroundings, as one trait (store.md 16).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;

/// Clocks, randomness and a place for work that blocks.
pub trait Env: Send + Sync {
    /// Wall clock, ms since the Unix epoch. Only for the leader's stamps and for alarms.
    fn wall_ms(&self) -> i64;
    /// Time since boot, suspended time included.
    fn boot(&self) -> Duration;
    /// Fills the buffer with cryptographic randomness.
    fn fill_random(&self, buffer: &mut [u8]);
    /// Runs work that blocks off the runtime's threads.
    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>);
    /// Whether there are threads to do something beside. A simulation has none.
    fn has_threads(&self) -> bool {
        true
    }
}

/// The machine's own.
pub struct SystemEnv;

impl Env for SystemEnv {
    fn wall_ms(&self) -> i64 {
        // By libc, where a test can move it; a clock before 1970 reads as 1970.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn boot(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    #[expect(clippy::expect_used, reason = "without randomness nothing here is safe to go on")]
    fn fill_random(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).expect("the operating system gives randomness");
    }

    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(tokio::task::spawn_blocking(work));
    }
}

/// A shared environment.
#[derive(Clone)]
pub struct SharedEnv(pub Arc<dyn Env>);

impl SharedEnv {
    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(SystemEnv))
    }

    /// 16 random bytes.
    #[must_use]
    pub fn random_id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        self.0.fill_random(&mut id);
        id
    }

    /// Runs work that blocks where the environment lets it, and waits for what it returns.
    ///
    /// # Errors
    /// When the work ended without returning.
    pub(crate) async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        let (sender, receiver) = oneshot::channel();
        self.run_blocking(Box::new(move || drop(sender.send(work()))));
        receiver.await.map_err(|_| io::Error::other("work that blocks was interrupted"))
    }
}

impl std::ops::Deref for SharedEnv {
    type Target = dyn Env;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for SharedEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}
