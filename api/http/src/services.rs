//! What every handler needs.

use std::sync::Arc;

use raft_store_core::Store;
use woad_admission::Throttle;
use woad_identity::keys::KeyCache;
use woad_identity::refusal::Refusals;

use crate::error::Unavailable;
use crate::limits::FAILURES;
use crate::metrics::Metrics;
use crate::page::{PageRenderer, PlainPages};
use crate::passwords::PasswordPool;

/// A source of unpredictable bytes. A test gives its own.
pub trait Random: Send + Sync {
    /// Fills `out`.
    ///
    /// # Errors
    /// When the system has none to give.
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The system's random source failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness")]
pub struct NoRandomness;

impl From<NoRandomness> for Unavailable {
    fn from(_: NoRandomness) -> Self {
        Self::NOT_NOW
    }
}

/// The cryptographic provider's generator.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        aws_lc_rs::rand::fill(out).map_err(|_| NoRandomness)
    }
}

/// Shared by all protocols. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The replicated state.
    pub store: Store,
    /// Keys that were parsed already.
    pub keys: Arc<KeyCache>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Counters.
    pub metrics: Metrics,
    /// Where passwords are hashed.
    pub passwords: PasswordPool,
    /// Who presented wrong credentials too often.
    pub throttle: Arc<Throttle>,
    /// How pages look that any protocol may have to show.
    pub pages: Arc<dyn PageRenderer>,
    /// Where refused operations are counted for the audit chains.
    pub refusals: Arc<Refusals>,
}

impl Services {
    /// Services over a store, with the system's randomness, a password pool for this machine, and plain pages.
    #[must_use]
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self {
            store,
            keys: Arc::new(KeyCache::default()),
            random: Arc::new(SystemRandom),
            passwords: PasswordPool::for_this_machine(metrics.clone()),
            throttle: Arc::new(Throttle::new(FAILURES)),
            pages: Arc::new(PlainPages),
            refusals: Arc::default(),
            metrics,
        }
    }

    /// With pages that look otherwise.
    #[must_use]
    pub fn with_pages(mut self, pages: Arc<dyn PageRenderer>) -> Self {
        self.pages = pages;
        self
    }

    /// With another password pool.
    #[must_use]
    pub fn with_passwords(mut self, passwords: PasswordPool) -> Self {
        self.passwords = passwords;
        self
    }

    /// With another count of wrong credentials.
    #[must_use]
    pub fn with_throttle(mut self, throttle: Arc<Throttle>) -> Self {
        self.throttle = throttle;
        self
    }

    /// `N` unpredictable bytes.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut out = [0; N];
        self.random.fill(&mut out)?;
        Ok(out)
    }
}

impl AsRef<Self> for Services {
    fn as_ref(&self) -> &Self {
        self
    }
}
