//! What a node does by itself about its own disk: sentinel, room, and the end of its service at a fault.

use std::time::Duration;

use openraft::async_runtime::WatchReceiver;

use crate::duties::Duties;
use crate::fault::Fault;

/// A flush that does not end for this long ends the process. By then leadership was given away and the node is unready;
/// only a restart can tell whether the disk comes back. Storage that fails over takes some ten seconds.
pub const DISK_HUNG: Duration = Duration::from_secs(30);

impl Duties {
    /// Tells the sentinel how far the log is flushed.
    pub(crate) async fn note_synced(&self) {
        if let Err(error) = self.log.note_synced().await
            && !self.stop.is_cancelled()
        {
            self.faults().storage(&error);
        }
    }

    /// Looks at the room on the disk, off the runtime's threads: the disk may hang.
    pub(crate) async fn look_at_disk(&self) {
        if !self.cluster.space.ends() {
            return;
        }
        if self.cluster.sync.stalled_for() > DISK_HUNG {
            let stalled = self.cluster.sync.stalled_for().as_secs();
            self.faults().report(Fault::Disk(format!("a flush has not ended for {stalled} s")));
            return;
        }
        let space = std::sync::Arc::clone(&self.cluster.space);
        match tokio::task::spawn_blocking(move || space.look()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the disk's room cannot be looked at"),
            Err(error) => tracing::error!(%error, "the look at the disk was interrupted"),
        }
    }

    /// Ends the service at the first fault: no read counts any more, and Raft neither votes nor appends.
    pub(crate) async fn end_on_fault(&self) {
        tokio::select! {
            () = self.stop.cancelled() => return,
            _ = self.faults().wait() => {}
            () = self.raft_ends() => {}
        }
        self.freshness.end();
        if let Err(error) = self.cluster.raft.shutdown().await {
            tracing::debug!(%error, "raft had stopped");
        }
    }

    /// Reports what has stopped Raft from within.
    async fn raft_ends(&self) {
        let mut metrics = self.cluster.raft.metrics();
        loop {
            let running = metrics.borrow_watched().running_state.clone();
            if let Err(fatal) = running
                && !self.stop.is_cancelled()
            {
                self.faults().report(why(&fatal));
                return;
            }
            if metrics.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn faults(&self) -> &crate::fault::Faults {
        &self.cluster.shared.database.faults
    }
}

fn why(fatal: &openraft::errors::Fatal<crate::types::TypeConfig>) -> Fault {
    match fatal {
        openraft::errors::Fatal::StorageError(error) => Fault::of_storage(error),
        other => Fault::Raft(other.to_string()),
    }
}
