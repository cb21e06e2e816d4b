//! Building snapshots: a RocksDB checkpoint, its position read from the checkpoint itself (raft-store page §4.7).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{Options, SnapshotWithThreadMode};

use super::{Shared, load_progress};
use crate::disk::io_error;
use crate::types::{Snapshot, SnapshotMeta};

type ReadOnly = rocksdb::DBWithThreadMode<rocksdb::MultiThreaded>;

/// The bytes of a snapshot, wherever they are.
#[derive(Clone, Debug)]
pub(crate) enum SnapshotSource {
    /// A checkpoint of a whole database.
    Checkpoint(Arc<CheckpointFolder>),
    /// Sorted files received from another node, verified.
    Staged(Arc<StagedFolder>),
}

/// A checkpoint on disk. Removed when its last user is gone, once a newer one has taken its place.
#[derive(Debug)]
pub(crate) struct CheckpointFolder {
    path: PathBuf,
    superseded: Mutex<bool>,
}

impl CheckpointFolder {
    /// Where it is.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for CheckpointFolder {
    fn drop(&mut self) {
        if *self.superseded.lock() {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

/// Received files. Removed when dropped.
#[derive(Debug)]
pub(crate) struct StagedFolder {
    pub(super) path: PathBuf,
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// The snapshots this node holds: one, the newest.
pub(crate) struct SnapshotCatalog {
    folder: PathBuf,
    current: Mutex<Option<Arc<CheckpointFolder>>>,
    /// Held by who builds: the policy and an install may want to at once.
    building: Mutex<()>,
}

impl SnapshotCatalog {
    /// Finds the newest finished snapshot and removes unfinished ones.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join("snapshots");
        fs::create_dir_all(&folder)?;
        drop(fs::remove_dir_all(data.join("staged")));
        let mut found: Vec<(u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match name.split_once('-').and_then(|(index, _)| index.parse().ok()) {
                Some(index) if path.extension().is_none() => found.push((index, path)),
                _ => fs::remove_dir_all(&path)?,
            }
        }
        found.sort();
        let newest = found.pop();
        for (_, path) in found {
            fs::remove_dir_all(path)?;
        }
        let current = newest.map(|(_, path)| Arc::new(CheckpointFolder { path, superseded: Mutex::new(false) }));
        Ok(Self { folder, current: Mutex::new(current), building: Mutex::new(()) })
    }

    pub(crate) fn current(&self) -> Option<Snapshot> {
        let folder = self.current.lock().clone()?;
        let meta = match read_meta(&folder.path) {
            Ok(meta) => meta,
            Err(error) => {
                tracing::warn!(%error, folder = %folder.path.display(), "a snapshot cannot be read; dropped");
                *folder.superseded.lock() = true;
                *self.current.lock() = None;
                return None;
            }
        };
        Some(Snapshot { meta, snapshot: SnapshotSource::Checkpoint(folder) })
    }
}

/// Opens a checkpoint without changing it.
pub(super) fn open_checkpoint(path: &Path) -> io::Result<ReadOnly> {
    let options = Options::default();
    let names = ReadOnly::list_cf(&options, path).map_err(io_error)?;
    ReadOnly::open_cf_for_read_only(&options, path, names, false).map_err(io_error)
}

/// Names of the state and outcome families of a checkpoint.
pub(super) fn families(db: &ReadOnly) -> io::Result<(String, String)> {
    let meta = db.cf_handle("meta").ok_or_else(|| io::Error::other("checkpoint without meta"))?;
    let number = match db.get_cf(&meta, "generation").map_err(io_error)? {
        None => 1,
        Some(bytes) => {
            bytes.try_into().map(u64::from_be_bytes).map_err(|_| io::Error::other("checkpoint generation"))?
        }
    };
    Ok((format!("data.{number}"), format!("outcomes.{number}")))
}

struct CheckpointView<'a> {
    snapshot: SnapshotWithThreadMode<'a, ReadOnly>,
    state: Arc<rocksdb::BoundColumnFamily<'a>>,
}

impl raft_store_core::ReadKv for CheckpointView<'_> {
    fn get(&self, space: raft_store_core::Space, key: &[u8]) -> Result<Option<Vec<u8>>, raft_store_core::KvError> {
        match space {
            raft_store_core::Space::State => {
                self.snapshot.get_cf(&self.state, key).map_err(|error| raft_store_core::KvError(error.to_string()))
            }
            raft_store_core::Space::Outcomes => Ok(None),
        }
    }

    fn range(
        &self,
        _: raft_store_core::Space,
        _: &[u8],
        _: &[u8],
        _: usize,
    ) -> Result<Vec<raft_store_core::kv::Pair>, raft_store_core::KvError> {
        Ok(Vec::new())
    }
}

fn progress_of(db: &ReadOnly) -> io::Result<super::Progress> {
    let (state, _) = families(db)?;
    let state = db.cf_handle(&state).ok_or_else(|| io::Error::other("checkpoint without state"))?;
    load_progress(&CheckpointView { snapshot: db.snapshot(), state })
}

/// The cluster level of a checkpoint's state: what a node must support to take it.
pub(super) fn level_of(db: &ReadOnly) -> io::Result<u32> {
    progress_of(db).map(|progress| progress.position.level.0)
}

fn read_meta(path: &Path) -> io::Result<SnapshotMeta> {
    let progress = progress_of(&open_checkpoint(path)?)?;
    Ok(SnapshotMeta { last_log_id: progress.log_id, last_membership: progress.membership })
}

/// Builds a snapshot of the applied state and makes it the current one.
pub(super) fn build(shared: &Shared) -> io::Result<Snapshot> {
    let catalog = &shared.snapshots;
    let _building = catalog.building.lock();
    let unfinished = catalog.folder.join("unfinished.tmp");
    drop(fs::remove_dir_all(&unfinished));
    Checkpoint::new(&shared.database.db).map_err(io_error)?.create_checkpoint(&unfinished).map_err(io_error)?;
    let meta = read_meta(&unfinished)?;
    let (index, term) = meta.last_log_id.map_or((0, 0), |id| (id.index, id.leader_id.term));
    let path = catalog.folder.join(format!("{index}-{term}"));

    let mut current = catalog.current.lock();
    if let Some(same) = current.as_ref().filter(|current| current.path == path) {
        fs::remove_dir_all(&unfinished)?;
        return Ok(Snapshot { meta, snapshot: SnapshotSource::Checkpoint(Arc::clone(same)) });
    }
    drop(fs::remove_dir_all(&path));
    fs::rename(&unfinished, &path)?;
    fs::File::open(&catalog.folder)?.sync_all()?;
    let folder = Arc::new(CheckpointFolder { path, superseded: Mutex::new(false) });
    if let Some(old) = current.replace(Arc::clone(&folder)) {
        *old.superseded.lock() = true;
    }
    shared.stats.snapshots_built.inc();
    Ok(Snapshot { meta, snapshot: SnapshotSource::Checkpoint(folder) })
}
