//! A running member: made, joined or started again, and stopped in order.

mod aside;
mod assemble;
mod follower;
mod options;
mod start;
mod stop;

pub use aside::set_aside;
#[cfg(feature = "simulation")]
pub(crate) use assemble::{Door, Entering, Ground, Opening};
pub use options::{Compaction, Options, Presence, REJOIN, StartError};
pub use start::{init, join, presence, start};

pub(crate) use assemble::{check_owner, identity_of, open_database, owner};
pub(crate) use start::{address, read_member, take, write_member};

use openraft::async_runtime::WatchReceiver;
use std::sync::Arc;

use prometheus::core::Collector;
use raft_store_core::Store;
use raft_store_core::cluster::{ClusterControl, Health};

use crate::agreement::AgreementMetrics;
use crate::cluster::Cluster;
use crate::disk::{DataLock, Database, SyncThread};
use crate::fault::Fault;
use crate::metrics::{PeerFailures, StoreCollector, StoreMetrics};
use crate::origin::{Freshness, SKEW_ALARM_MS};
use crate::types::Raft;

/// How old a quorum's last sign may be for the node to count as ready.
const QUORUM_FRESH: std::time::Duration = std::time::Duration::from_millis(1_500);

/// A member that runs.
pub struct Node {
    pub(crate) raft: Raft,
    pub(crate) cluster: Arc<Cluster>,
    freshness: Arc<Freshness>,
    metrics: Arc<StoreMetrics>,
    failures: Arc<PeerFailures>,
    agreement: AgreementMetrics,
    sync: Arc<SyncThread>,
    recovered: Arc<std::sync::atomic::AtomicBool>,
    stop: tokio_util::sync::CancellationToken,
    #[cfg(feature = "simulation")]
    pub(crate) log: crate::disk::LogStore,
    /// Taken apart by the stop, in its order.
    held: parking_lot::Mutex<Option<Held>>,
}

/// What must go last.
struct Held {
    database: Arc<Database>,
    runtime: PeerRuntime,
    lock: Option<DataLock>,
}

/// The runtime of Raft and peers. Dropped where futures run, it must not wait for its own: that would panic.
struct PeerRuntime(Option<tokio::runtime::Runtime>);

impl PeerRuntime {
    const fn new(runtime: tokio::runtime::Runtime) -> Self {
        Self(Some(runtime))
    }

    /// Ends what runs on it, waiting at most this long.
    fn stop(mut self, within: std::time::Duration) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(within);
        }
    }
}

impl Drop for PeerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Node {
    /// The handle that protocols hold.
    #[must_use]
    pub fn store(&self) -> Store {
        self.cluster.store.clone()
    }

    /// The cluster itself.
    #[must_use]
    pub fn control(&self) -> Arc<dyn ClusterControl> {
        Arc::clone(&self.cluster) as Arc<dyn ClusterControl>
    }

    /// What it knows of its own fitness. Never waits, never touches the disk.
    #[must_use]
    pub fn health(&self) -> Health {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched().clone();
        let committed = metrics.local_committed.map_or(0, |id| id.index);
        let applied = metrics.last_applied.map_or(0, |id| id.index);
        Health {
            initialised: true,
            recovered: self.recovered.load(std::sync::atomic::Ordering::Relaxed),
            leader: metrics.current_leader,
            quorum_age: self.freshness.age().map(|age| age.max(std::time::Duration::from_millis(1))),
            apply_lag: committed.saturating_sub(applied),
            sealed: self.cluster.sealer.is_sealed(),
            clock_offset_ms: self.cluster.offsets.skew_ms(self.cluster.node, &self.cluster.voters()),
            storage_ok: metrics.running_state.is_ok() && !self.sync.stats().has_failed(),
            quarantined: self.cluster.quarantine.reason(),
            fsync_stalled: self.sync.stalled_for() > crate::duties::SYNC_STALL,
            disk: self.cluster.space.seen().space,
            fault: self.cluster.shared.database.faults.first().map(|fault| fault.to_string()),
        }
    }

    /// Waits until something has ended this node's service for good.
    pub async fn failed(&self) -> Fault {
        self.cluster.shared.database.faults.wait().await
    }

    /// How old the quorum's last sign may be, and how far off the clock, for a node to be ready.
    #[must_use]
    pub const fn readiness_limits() -> (std::time::Duration, i64) {
        (QUORUM_FRESH, SKEW_ALARM_MS)
    }

    /// The index that this replica's state is at, and a SHA-256 over all of it, remembered outcomes included. Two
    /// replicas at one index have one digest, or one of them is damaged. Reads the whole state: runs where blocking
    /// is allowed, and takes as long as that.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn state_digest(&self) -> std::io::Result<(raft_store_core::Revision, [u8; 32])> {
        crate::machine::digest(&self.cluster.shared)
    }

    /// What it measures.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let mut out = self.metrics.collectors();
        out.push(self.failures.collector());
        out.extend(self.cluster.shared.stats.collectors());
        out.extend(self.sync.stats().collectors());
        out.extend(self.cluster.shared.database.recent.collectors());
        out.extend(self.agreement.collectors());
        let source =
            crate::metrics::Source { cluster: Arc::clone(&self.cluster), freshness: Arc::clone(&self.freshness) };
        match StoreCollector::of(source) {
            Ok(collector) => out.push(Box::new(collector)),
            Err(error) => tracing::error!(%error, "store metrics"),
        }
        out
    }
}
