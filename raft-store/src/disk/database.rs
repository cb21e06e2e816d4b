//! An open data folder: meta records, families, generations.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use arc_swap::ArcSwap;

use super::engine::{Batch, Engine, Of, SharedVolume};
use super::folder::Folder;
use super::recent::{RECENT_BYTES, Recent, RecentStats};
use super::rocks::Rocks;
use crate::fault::Faults;

/// Vote, committed and purged log id, current generation, who this node is.
pub(crate) const META: &str = "meta";
/// The Raft log.
pub(crate) const LOG: &str = "log";
/// The families that log writes go to: the log is [`Of::First`], meta [`Of::Second`].
pub(crate) const LOG_AND_META: [&str; 2] = [LOG, META];
/// Families of a new database.
const FRESH: [&str; 4] = [META, LOG, "data.1", "outcomes.1"];
/// Version of the folder's layout.
const FORMAT: u8 = 1;

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// RocksDB refuses it. Damage inside the synced part is refused, not repaired.
    #[error("the database in {folder} does not open: {source}")]
    Database {
        /// Which.
        folder: PathBuf,
        /// RocksDB's words.
        source: rocksdb::Error,
    },
    /// It was written by a newer version.
    #[error("the data folder has format {found}, this version knows {FORMAT}")]
    Newer {
        /// What was found.
        found: u8,
    },
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The current pair of state families. A snapshot is installed into a fresh pair.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Counts up.
    pub number: u64,
    /// Values that were read of it lately.
    pub recent: Arc<Recent>,
    families: [String; 2],
}

impl Generation {
    /// One of which nothing was read yet.
    #[must_use]
    pub(crate) fn new(number: u64) -> Self {
        Self::keeping(number, RECENT_BYTES)
    }

    /// The same, with a limit for what is kept of it, bytes.
    #[must_use]
    pub(crate) fn keeping(number: u64, bytes: u64) -> Self {
        let families = [format!("data.{number}"), format!("outcomes.{number}")];
        Self { number, recent: Arc::new(Recent::new(bytes)), families }
    }

    /// The one after it.
    #[must_use]
    pub(crate) fn next(&self) -> Self {
        Self::new(self.number + 1)
    }

    /// Names of the families of records and of outcomes.
    #[must_use]
    pub(crate) fn families(&self) -> [&str; 2] {
        let [state, outcomes] = &self.families;
        [state, outcomes]
    }

    /// Name of the family of records.
    #[must_use]
    pub(crate) fn state(&self) -> &str {
        let [state, _] = &self.families;
        state
    }

    /// Name of the family of outcomes.
    #[must_use]
    pub(crate) fn outcomes(&self) -> &str {
        let [_, outcomes] = &self.families;
        outcomes
    }
}

fn of_state(family: &str) -> bool {
    family.starts_with("data.") || family.starts_with("outcomes.")
}

/// An open data folder.
pub(crate) struct Database {
    pub(crate) engine: Box<dyn Engine>,
    /// Where checkpoints and sorted runs lie.
    pub(crate) volume: SharedVolume,
    pub(crate) folder: PathBuf,
    pub(crate) generation: ArcSwap<Generation>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) recent: RecentStats,
}

pub(crate) fn io_error(error: impl std::error::Error) -> io::Error {
    io::Error::other(error.to_string())
}

impl Database {
    /// Opens or creates the database under `folder`.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let refused = |source| OpenError::Database { folder: folder.to_owned(), source };
        let rocks = Rocks::open(&folder.join("db"), &FRESH, of_state).map_err(refused)?;
        Self::over(Box::new(rocks), Arc::new(Folder), folder)
    }

    /// Opens the database on a fake disk.
    ///
    /// # Errors
    /// See [`OpenError`].
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn fake(disk: &super::FakeDisk, folder: &Path) -> Result<Self, OpenError> {
        Self::over(Box::new(disk.open(&FRESH)), Arc::new(disk.clone()), folder)
    }

    /// Opens the database that an engine and a volume hold.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn over(engine: Box<dyn Engine>, volume: SharedVolume, folder: &Path) -> Result<Self, OpenError> {
        let this = Self {
            engine,
            volume,
            folder: folder.to_owned(),
            generation: ArcSwap::from_pointee(Generation::new(1)),
            faults: Arc::default(),
            recent: RecentStats::new().map_err(io_error)?,
        };
        let read = |key: &str| this.meta(key);
        match read("format")?.as_deref() {
            None => this.set_meta("format", &[FORMAT])?,
            Some([FORMAT]) => {}
            Some(found) => return Err(OpenError::Newer { found: found.first().copied().unwrap_or_default() }),
        }
        if let Some(bytes) = read("generation")? {
            let number = bytes.try_into().map(u64::from_be_bytes).map_err(|_| io::Error::other("generation"))?;
            this.generation.store(Arc::new(Generation::new(number)));
        }
        this.drop_other_generations();
        Ok(this)
    }

    /// Reads a meta record.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) fn meta(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        self.engine.get(META, key.as_bytes())
    }

    /// Writes a meta record, synced.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> io::Result<()> {
        let mut batch = self.log_batch()?;
        batch.put(Of::Second, key.as_bytes(), value);
        batch.commit(true)
    }

    /// An empty batch over [`LOG_AND_META`].
    pub(crate) fn log_batch(&self) -> io::Result<Box<dyn Batch + '_>> {
        self.engine.batch(LOG_AND_META)
    }

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// When the disk cannot promise it.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.engine.sync()
    }

    /// Creates the families of a generation, empty.
    pub(crate) fn create_generation(&self, generation: &Generation) -> io::Result<()> {
        let present = self.engine.families()?;
        for name in generation.families() {
            if present.iter().any(|present| present == name) {
                self.engine.remove(name)?;
            }
            self.engine.create(name)?;
        }
        Ok(())
    }

    /// Removes what an interrupted or finished snapshot install left.
    pub(crate) fn drop_other_generations(&self) {
        let current = self.generation.load();
        let Ok(names) = self.engine.families() else { return };
        for name in names {
            if of_state(&name)
                && name != current.state()
                && name != current.outcomes()
                && let Err(error) = self.engine.remove(&name)
            {
                tracing::warn!(%name, %error, "an old generation could not be dropped");
            }
        }
    }

    /// A RocksDB integer property summed over the state and log families.
    #[must_use]
    pub(crate) fn property(&self, name: &str) -> u64 {
        let generation = self.generation.load();
        let [state, outcomes] = generation.families();
        let families = [LOG, META, state, outcomes];
        families.iter().filter_map(|family| self.engine.property(family, name)).sum()
    }

    /// Stops the engine's own threads. Called once nothing reads or writes any more, before the database is dropped.
    pub(crate) fn close(&self) {
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the last sync failed");
        }
        self.engine.close();
    }
}
