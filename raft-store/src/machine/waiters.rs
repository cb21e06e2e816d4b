//! Attempts of this node whose outcome is awaited.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use raft_store_core::AttemptId;
use raft_store_core::apply::Applied;
use tokio::sync::oneshot;

/// Told by apply. In order, as everything whose order somebody may notice: the simulation repeats itself.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<BTreeMap<AttemptId, oneshot::Sender<Applied>>>);

impl Waiters {
    /// Registers an attempt before its first send.
    pub(crate) fn register(&self, attempt: AttemptId) -> oneshot::Receiver<Applied> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().insert(attempt, sender);
        receiver
    }

    /// Nobody waits any more.
    pub(crate) fn forget(&self, attempt: AttemptId) {
        self.0.lock().remove(&attempt);
    }

    pub(crate) fn tell(&self, applied: Applied) {
        let sender = self.0.lock().remove(&applied.attempt);
        if let Some(sender) = sender {
            drop(sender.send(applied));
        }
    }

    pub(crate) fn pending(&self) -> Vec<AttemptId> {
        self.0.lock().keys().copied().collect()
    }
}
