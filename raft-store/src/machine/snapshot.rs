//! Building snapshots: a checkpoint of the database, its position read from the checkpoint itself (raft-store page §4.7).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use raft_store_core::kv::Pair;
use raft_store_core::{KvError, ReadKv, Space};

use super::{Shared, load_progress};
use crate::disk::{Reader, SharedVolume, StateView};
use crate::types::{Snapshot, SnapshotMeta};

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
    volume: SharedVolume,
    path: PathBuf,
    superseded: Mutex<bool>,
}

impl CheckpointFolder {
    /// Opens it for reading.
    pub(super) fn open(&self) -> io::Result<Box<dyn Reader>> {
        self.volume.open_checkpoint(&self.path)
    }
}

impl Drop for CheckpointFolder {
    fn drop(&mut self) {
        if *self.superseded.lock() {
            drop(self.volume.remove(&self.path));
        }
    }
}

/// Received files. Removed when dropped.
#[derive(Debug)]
pub(crate) struct StagedFolder {
    pub(super) volume: SharedVolume,
    pub(super) path: PathBuf,
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        drop(self.volume.remove(&self.path));
    }
}

/// The snapshots this node holds: one, the newest.
pub(crate) struct SnapshotCatalog {
    volume: SharedVolume,
    folder: PathBuf,
    current: Mutex<Option<Arc<CheckpointFolder>>>,
    /// Held by who builds: the policy and an install may want to at once.
    building: Mutex<()>,
}

impl SnapshotCatalog {
    /// Finds the newest finished snapshot and removes unfinished ones.
    pub(crate) fn open(volume: &SharedVolume, data: &Path) -> io::Result<Self> {
        let folder = data.join("snapshots");
        volume.create(&folder)?;
        drop(volume.remove(&data.join("staged")));
        let mut found: Vec<(u64, PathBuf)> = Vec::new();
        for path in volume.list(&folder)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match name.split_once('-').and_then(|(index, _)| index.parse().ok()) {
                Some(index) if path.extension().is_none() => found.push((index, path)),
                _ => volume.remove(&path)?,
            }
        }
        found.sort();
        let newest = found.pop();
        for (_, path) in found {
            volume.remove(&path)?;
        }
        let mut this = Self { volume: Arc::clone(volume), folder, current: Mutex::new(None), building: Mutex::new(()) };
        *this.current.get_mut() = newest.map(|(_, path)| this.checkpoint(path));
        Ok(this)
    }

    fn checkpoint(&self, path: PathBuf) -> Arc<CheckpointFolder> {
        let volume = Arc::clone(&self.volume);
        Arc::new(CheckpointFolder { volume, path, superseded: Mutex::new(false) })
    }

    /// The index of the current snapshot's last entry; zero without one.
    #[cfg(feature = "simulation")]
    pub(crate) fn index(&self) -> u64 {
        let current = self.current.lock();
        let name = current.as_ref().and_then(|folder| folder.path.file_name()).unwrap_or_default().to_string_lossy();
        name.split('-').next().and_then(|index| index.parse().ok()).unwrap_or_default()
    }

    pub(crate) fn current(&self) -> Option<Snapshot> {
        let folder = self.current.lock().clone()?;
        let meta = match folder.open().and_then(|checkpoint| read_meta(&*checkpoint)) {
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

/// Names of the state and outcome families of a checkpoint.
pub(super) fn families(checkpoint: &dyn Reader) -> io::Result<[String; 2]> {
    let number = match checkpoint.get("meta", b"generation")? {
        None => 1,
        Some(bytes) => {
            bytes.try_into().map(u64::from_be_bytes).map_err(|_| io::Error::other("checkpoint generation"))?
        }
    };
    Ok([format!("data.{number}"), format!("outcomes.{number}")])
}

/// A checkpoint's position is read without its outcomes.
struct WithoutOutcomes<'a>(StateView<'a>);

impl ReadKv for WithoutOutcomes<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.0.get(space, key)
    }

    fn range(&self, _: Space, _: &[u8], _: &[u8], _: usize) -> Result<Vec<Pair>, KvError> {
        Ok(Vec::new())
    }
}

fn progress_of(checkpoint: &dyn Reader) -> io::Result<super::Progress> {
    let [state, outcomes] = families(checkpoint)?;
    load_progress(&WithoutOutcomes(StateView::frozen(checkpoint.freeze([&state, &outcomes])?)))
}

/// The cluster level of a checkpoint's state: what a node must support to take it.
pub(super) fn level_of(checkpoint: &dyn Reader) -> io::Result<u32> {
    progress_of(checkpoint).map(|progress| progress.position.level.0)
}

fn read_meta(checkpoint: &dyn Reader) -> io::Result<SnapshotMeta> {
    let progress = progress_of(checkpoint)?;
    Ok(SnapshotMeta { last_log_id: progress.log_id, last_membership: progress.membership })
}

/// Builds a snapshot of the applied state and makes it the current one.
pub(super) fn build(shared: &Shared) -> io::Result<Snapshot> {
    let catalog = &shared.snapshots;
    let _building = catalog.building.lock();
    let unfinished = catalog.folder.join("unfinished.tmp");
    let volume = &catalog.volume;
    drop(volume.remove(&unfinished));
    shared.database.engine.checkpoint(&unfinished)?;
    let meta = read_meta(&*volume.open_checkpoint(&unfinished)?)?;
    let (index, term) = meta.last_log_id.map_or((0, 0), |id| (id.index, id.leader_id.term));
    let path = catalog.folder.join(format!("{index}-{term}"));

    let mut current = catalog.current.lock();
    if let Some(same) = current.as_ref().filter(|current| current.path == path) {
        volume.remove(&unfinished)?;
        return Ok(Snapshot { meta, snapshot: SnapshotSource::Checkpoint(Arc::clone(same)) });
    }
    drop(volume.remove(&path));
    volume.rename(&unfinished, &path)?;
    let folder = catalog.checkpoint(path);
    if let Some(old) = current.replace(Arc::clone(&folder)) {
        *old.superseded.lock() = true;
    }
    shared.stats.snapshots_built.inc();
    Ok(Snapshot { meta, snapshot: SnapshotSource::Checkpoint(folder) })
}
