//! One cluster at a time within a process: three nodes already fill a small machine, and a test under `cargo test` is
//! a thread. (Under nextest, tests are processes and `.config/nextest.toml` serialises them.)

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

static TURN: std::sync::LazyLock<Arc<Semaphore>> = std::sync::LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// Waits until no other test of this process has a cluster.
pub(crate) async fn take() -> Result<OwnedSemaphorePermit> {
    Ok(Arc::clone(&TURN).acquire_owned().await?)
}
