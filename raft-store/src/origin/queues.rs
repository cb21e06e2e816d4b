//! Those who met a conflict queue by its key before they run again (store.md 5).

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// Queues of this node by conflicting key.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<Vec<u8>, Arc<Turn<()>>>>);

impl Queues {
    /// Waits for this key's turn. The caller holds no other turn.
    pub(crate) async fn turn(&self, key: &[u8]) -> OwnedMutexGuard<()> {
        let turn = {
            let mut queues = self.0.lock();
            queues.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(queues.entry(key.to_vec()).or_default())
        };
        turn.lock_owned().await
    }
}
