//! Out of service for good: the node's own state is wrong or cannot be read.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::disk::Database;

/// Where the reason is kept, so that a restart changes nothing.
const KEPT: &str = "quarantine";
/// What its operator is told to do.
pub(crate) const REJOIN: &str = "stop this node, take it out with `woadctl cluster remove` at another, empty its data \
    folder, and let it join again as a new node";

/// Whether this node has left service, and whom the newest round has found wrong.
#[derive(Default)]
pub(crate) struct Quarantine {
    left: AtomicBool,
    reason: Mutex<Option<String>>,
    wrong: Mutex<BTreeSet<u64>>,
}

impl Quarantine {
    /// As the database has it from before.
    pub(crate) fn open(database: &Database) -> io::Result<Arc<Self>> {
        let this = Self::default();
        if let Some(reason) = database.meta(KEPT)? {
            let reason = String::from_utf8_lossy(&reason).into_owned();
            tracing::error!(%reason, "this node has left service before and stays out: {REJOIN}");
            this.set(reason);
        }
        Ok(Arc::new(this))
    }

    fn set(&self, reason: String) {
        *self.reason.lock() = Some(reason);
        self.left.store(true, Ordering::SeqCst);
    }

    /// Leaves service. It does so in this process even when the reason cannot be kept.
    pub(crate) fn leave(&self, database: &Database, reason: &str) {
        tracing::error!(%reason, "this node leaves service: {REJOIN}");
        self.set(reason.to_owned());
        if let Err(error) = database.set_meta(KEPT, reason.as_bytes()) {
            tracing::error!(%error, "why this node left service could not be written down");
        }
    }

    /// Whether it has left.
    pub(crate) fn has_left(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }

    /// Why.
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.lock().clone()
    }

    /// Notes whom the newest round has found wrong.
    pub(super) fn note_wrong(&self, nodes: BTreeSet<u64>) {
        *self.wrong.lock() = nodes;
    }

    /// Whether a node must not lead, as far as is known here.
    pub(crate) fn is_wrong(&self, node: u64) -> bool {
        self.wrong.lock().contains(&node)
    }
}
