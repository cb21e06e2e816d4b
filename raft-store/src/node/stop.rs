//! Stopping in order (store.md 18).

use super::Node;

/// How long the last note in the sentinel may take: two flushes.
const LAST_NOTE: std::time::Duration = std::time::Duration::from_millis(300);

impl Node {
    /// Stops: Raft, then views and checkpoints, sync queue and thread, `RocksDB`'s background work, the database.
    /// Nothing may be asked of the node afterwards.
    pub async fn shutdown(&self) {
        let Some(held) = self.held.lock().take() else { return };
        self.stop.cancel();
        if let Err(error) = self.raft.shutdown().await {
            tracing::error!(%error, "raft did not stop cleanly");
        }
        // The last thing that is known to be flushed; a hung disk has its bounds elsewhere.
        let noted = tokio::time::timeout(LAST_NOTE, self.cluster.log.note_synced()).await;
        if let Ok(Err(error)) = noted {
            tracing::error!(%error, "the sentinel was not told of the last log entry");
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
