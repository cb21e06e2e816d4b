//! The replicated state: apply, snapshots, and those who wait for outcomes.

mod apply;
mod digest;
mod install;
#[cfg(test)]
mod recent_test;
mod snapshot;
mod stats;
mod stream;
#[cfg(test)]
mod stream_test;
mod waiters;

use std::io;
use std::sync::Arc;

use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use parking_lot::Mutex;
use raft_store_core::apply::Position;
use raft_store_core::outcomes::Outcomes;
use raft_store_core::{ReadKv, Revision, Sealer, Space, layout};
use tokio::sync::watch;

pub(crate) use digest::{digest, digest_of, scrub_log};
pub(crate) use snapshot::SnapshotCatalog;
pub(crate) use snapshot::SnapshotSource;
pub(crate) use stats::ApplyStats;
pub(crate) use stream::{CHUNK_LIMIT, Chunks, Heading, Received, crc as run_checksum, meta_of};
pub(crate) use waiters::Waiters;

use crate::agreement::Hasher;
use crate::clock::ClusterClock;
use crate::convert::{log_id_from, malformed, stored_membership_from};
use crate::disk::{Database, StateView};
use crate::env::SharedEnv;
use crate::proto;
use crate::types::{LogId, Snapshot, SnapshotMeta, StoredMembership, TypeConfig};

/// Sees the state after every apply that touched the store's own tables (ids below 100).
pub(crate) trait Observer: Send + Sync {
    /// Called after such an apply, or a snapshot install, has been written.
    fn changed(&self, view: &dyn ReadKv);
}

/// The mutable part of the machine, kept beside the database.
pub(crate) struct Progress {
    pub(crate) outcomes: Outcomes,
    pub(crate) position: Position,
    pub(crate) log_id: Option<LogId>,
    pub(crate) membership: StoredMembership,
}

/// What the machine and its users share.
pub(crate) struct Shared {
    pub(crate) database: Arc<Database>,
    pub(crate) env: SharedEnv,
    pub(crate) clock: ClusterClock,
    pub(crate) waiters: Waiters,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) progress: Mutex<Progress>,
    /// Index applied and readable.
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) stats: ApplyStats,
    pub(crate) snapshots: SnapshotCatalog,
    pub(crate) observer: Mutex<Option<Arc<dyn Observer>>>,
    pub(crate) hasher: Hasher,
}

/// openraft's handle on the state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Machine(pub(crate) Arc<Shared>);

pub(crate) fn load_progress(view: &dyn ReadKv) -> io::Result<Progress> {
    use prost::Message;
    let failed = |error: &dyn std::error::Error| io::Error::other(error.to_string());
    let meta = |name: &str| view.get(Space::State, &layout::meta_key(name)).map_err(|error| failed(&error));
    let log_id = meta("log_id")?
        .map(|bytes| log_id_from(proto::LogId::decode(bytes.as_slice()).map_err(|_| malformed("applied log id"))?))
        .transpose()?;
    let membership = meta("membership")?
        .map(|bytes| {
            let stored = proto::StoredMembership::decode(bytes.as_slice());
            stored_membership_from(stored.map_err(|_| malformed("membership"))?)
        })
        .transpose()?
        .unwrap_or_default();
    Ok(Progress {
        outcomes: Outcomes::load(view).map_err(|error| failed(&error))?,
        position: Position::read(view).map_err(|error| failed(&error))?,
        log_id,
        membership,
    })
}

impl Machine {
    /// Opens the machine over a database.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    pub(crate) fn open(database: Arc<Database>, env: SharedEnv, sealer: Arc<dyn Sealer>) -> io::Result<Self> {
        let progress = {
            let view = StateView::open(&database)?;
            load_progress(&view)?
        };
        let clock = ClusterClock::new(env.clone());
        clock.observe(progress.position.clock);
        let (applied, _) = watch::channel(progress.position.applied.0);
        let snapshots = SnapshotCatalog::open(&database.volume, &database.folder)?;
        Ok(Self(Arc::new(Shared {
            database,
            env,
            clock,
            waiters: Waiters::default(),
            sealer,
            progress: Mutex::new(progress),
            applied,
            stats: ApplyStats::new().map_err(crate::disk::io_error)?,
            snapshots,
            observer: Mutex::new(None),
            hasher: Hasher::default(),
        })))
    }
}

impl Shared {
    /// Opens a view of the present state.
    pub(crate) fn view(&self) -> io::Result<StateView<'_>> {
        StateView::open(&self.database)
    }

    pub(crate) fn applied_index(&self) -> Revision {
        Revision(*self.applied.borrow())
    }

    pub(crate) fn observe(&self) {
        let observer = self.observer.lock().clone();
        if let (Some(observer), Ok(view)) = (observer, self.view()) {
            observer.changed(&view);
        }
    }
}

impl RaftStateMachine<TypeConfig> for Machine {
    type SnapshotData = SnapshotSource;
    type SnapshotBuilder = Self;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        let progress = self.0.progress.lock();
        Ok((progress.log_id, progress.membership.clone()))
    }

    async fn apply<Strm>(&mut self, entries: Strm) -> io::Result<()>
    where
        Strm: futures::Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + openraft::OptionalSend,
    {
        apply::apply_stream(&self.0, entries).await
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        self.clone()
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: SnapshotSource) -> io::Result<()> {
        install::install(&self.0, meta, snapshot).await
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        Ok(self.0.snapshots.current())
    }
}

impl RaftSnapshotBuilder<TypeConfig> for Machine {
    type SnapshotData = SnapshotSource;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        let shared = Arc::clone(&self.0);
        self.0.env.blocking(move || snapshot::build(&shared)).await?
    }
}
