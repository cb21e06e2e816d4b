//! What ends a node's service for good: the first that is found counts (store.md 6, 15).

use std::fmt::Display;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::disk::Sentinel;

/// How long a fault waits for its note in the sentinel.
const NOTING: Duration = Duration::from_secs(1);

/// Why this process serves no more. Nothing it had not acknowledged before is acknowledged after.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// What is on disk is not what was written there. Kept in the sentinel: the data are never served from again.
    #[error("{0}")]
    Damaged(String),
    /// The cluster knows that this node once had more than it has. Kept in the sentinel, too.
    #[error("{0}")]
    Behind(String),
    /// The disk fails, is full, read-only, or does not answer. The data may be whole: a restart may help.
    #[error("the disk fails: {0}")]
    Disk(String),
    /// A committed entry cannot be applied. A restart comes to the same entry.
    #[error("apply cannot go on: {0}")]
    Apply(String),
    /// Raft has stopped by itself.
    #[error("raft has stopped: {0}")]
    Raft(String),
}

impl Fault {
    /// A fault from what RocksDB says of a failed read or write.
    pub(crate) fn of_storage(error: &impl Display) -> Self {
        let text = error.to_string();
        if text.contains("Corruption") { Self::Damaged(text) } else { Self::Disk(text) }
    }

    /// Whether the node must join again as a new one.
    #[must_use]
    pub const fn asks_to_rejoin(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Behind(_))
    }

    /// Whether the process stays, unready, to be asked what is wrong.
    #[must_use]
    pub const fn leaves_process(&self) -> bool {
        matches!(self, Self::Behind(_))
    }
}

/// Where faults are reported, and who waits for one.
pub(crate) struct Faults {
    first: watch::Sender<Option<Fault>>,
    /// Whether what must survive a restart is noted, or nothing needs to be.
    noted: watch::Sender<bool>,
    sentinel: OnceLock<Arc<Sentinel>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { first: watch::Sender::new(None), noted: watch::Sender::new(false), sentinel: OnceLock::new() }
    }
}

impl Faults {
    /// Where what must survive a restart is noted.
    pub(crate) fn keep_in(&self, sentinel: Arc<Sentinel>) {
        // Set once, when the member is put together.
        let _ = self.sentinel.set(sentinel);
    }

    /// Reports a fault. The first one ends the service; later ones follow from it.
    pub(crate) fn report(&self, fault: Fault) {
        let news = self.first.send_if_modified(|first| {
            let news = first.is_none();
            if news {
                *first = Some(fault.clone());
            }
            news
        });
        if !news {
            return;
        }
        tracing::error!(%fault, "this node serves no more");
        let noted = self.noted.clone();
        let Some(sentinel) = self.sentinel.get().filter(|_| fault.asks_to_rejoin()).cloned() else {
            noted.send_replace(true);
            return;
        };
        // On a thread of its own: the disk may hang, and the caller may be anywhere.
        let noting = std::thread::Builder::new().name("fault".to_owned()).spawn(move || {
            if let Err(error) = sentinel.faulted(&fault.to_string()) {
                tracing::error!(%error, "the fault could not be noted");
            }
            noted.send_replace(true);
        });
        if let Err(error) = noting {
            tracing::error!(%error, "the fault could not be noted");
        }
    }

    /// Reports what RocksDB said.
    pub(crate) fn storage(&self, error: &impl Display) {
        self.report(Fault::of_storage(error));
    }

    /// Reports damage met in a checkpoint: its files are the database's own. Other failures are of the transfer.
    pub(crate) fn checkpoint(&self, error: &impl Display) {
        let fault = Fault::of_storage(error);
        if matches!(fault, Fault::Damaged(_)) {
            self.report(fault);
        }
    }

    /// The first fault, if there was one.
    pub(crate) fn first(&self) -> Option<Fault> {
        self.first.borrow().clone()
    }

    /// Waits for a fault, and a moment for its note in the sentinel.
    pub(crate) async fn wait(&self) -> Fault {
        let fault = self.wait_for_first().await;
        let mut noted = self.noted.subscribe();
        // The disk may hang: then there is no note, and the same fault is found again.
        let _ = tokio::time::timeout(NOTING, noted.wait_for(|noted| *noted)).await;
        fault
    }

    async fn wait_for_first(&self) -> Fault {
        let mut seen = self.first.subscribe();
        loop {
            if let Some(fault) = seen.borrow_and_update().clone() {
                return fault;
            }
            // Its sender is `self`, which outlives this call.
            let _ = seen.changed().await;
        }
    }
}
