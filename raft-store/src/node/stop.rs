//! Stopping in order (store.md 18).

use super::Node;

impl Node {
    /// Stops: Raft, then views and checkpoints, sync queue and thread, `RocksDB`'s background work, the database.
    /// Nothing may be asked of the node afterwards.
    pub async fn shutdown(&self) {
        let Some(held) = self.held.lock().take() else { return };
        self.stop.cancel();
        if let Err(error) = self.raft.shutdown().await {
            tracing::error!(%error, "raft did not stop cleanly");
        }
        let sync = std::sync::Arc::clone(&self.sync);
        let shared = std::sync::Arc::clone(&self.cluster.shared);
        let env = self.cluster.env.clone();
        let stopped = env.blocking(move || {
            shared.hasher.stop();
            drop(shared);
            sync.stop();
            tracing::debug!("sync thread joined");
            held.database.close();
            tracing::debug!("database closed");
            held.runtime.stop(std::time::Duration::from_millis(500));
            tracing::debug!("runtime stopped");
            drop(held.database);
            drop(held.lock);
        });
        if let Err(error) = stopped.await {
            tracing::error!(%error, "the stop was interrupted");
        }
    }
}
