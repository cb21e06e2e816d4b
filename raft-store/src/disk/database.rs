//! Opening RocksDB: options, column families, generations.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use arc_swap::ArcSwap;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRecoveryMode, DBWithThreadMode, LruCacheOptions, MultiThreaded, Options, WriteBatch, WriteOptions,
};

pub(crate) type Db = DBWithThreadMode<MultiThreaded>;

/// Vote, committed and purged log id, current generation, who this node is.
pub(crate) const META: &str = "meta";
/// The Raft log.
pub(crate) const LOG: &str = "log";
/// Version of the folder's layout.
const FORMAT: u8 = 1;
/// Bytes of cached blocks. Small: an empty node is to stay under 80 MiB.
const BLOCK_CACHE: usize = 32 * 1024 * 1024;
/// The cache in four parts: in RocksDB's own choice of 64, no block of more than half a MiB would be kept.
const CACHE_SHARD_BITS: i32 = 2;
/// Bytes of a part of an index or filter: a block's.
const METADATA_BLOCK: usize = 4096;
/// Bytes of a memtable before it is flushed.
const MEMTABLE: usize = 16 * 1024 * 1024;
/// All column families are flushed when the write-ahead log is this long, so that no quiet one pins it.
const MAX_WAL: u64 = 128 * 1024 * 1024;

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
}

impl Generation {
    /// Name of the family of records.
    #[must_use]
    pub(crate) fn state(&self) -> String {
        format!("data.{}", self.number)
    }

    /// Name of the family of outcomes.
    #[must_use]
    pub(crate) fn outcomes(&self) -> String {
        format!("outcomes.{}", self.number)
    }
}

/// An open data folder.
pub(crate) struct Database {
    pub(crate) db: Db,
    pub(crate) folder: PathBuf,
    pub(crate) generation: ArcSwap<Generation>,
    options: Options,
}

pub(crate) fn io_error(error: impl std::error::Error) -> io::Error {
    io::Error::other(error.to_string())
}

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // The default rolls back silently past a damaged record, which un-acknowledges synced entries.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_atomic_flush(true);
    options.set_max_total_wal_size(MAX_WAL);
    options.set_max_background_jobs(2);
    options.set_bytes_per_sync(1024 * 1024);
    options.set_keep_log_file_num(4);
    options.set_max_open_files(512);
    options.set_stats_dump_period_sec(0);
    family(&mut options, None, false);
    options
}

fn family(options: &mut Options, cache: Option<&Cache>, bloom: bool) {
    options.set_write_buffer_size(MEMTABLE);
    options.set_max_write_buffer_number(3);
    options.set_compression_type(if bloom { DBCompressionType::Lz4 } else { DBCompressionType::None });
    // A write stall in any family stalls Raft appends.
    options.set_level_zero_slowdown_writes_trigger(40);
    options.set_level_zero_stop_writes_trigger(80);
    let mut table = BlockBasedOptions::default();
    if let Some(cache) = cache {
        table.set_block_cache(cache);
        // Index and filter count as cache, in parts of a block's size: whole ones grow with the file, and one that does
        // not fit is read, and its checksum computed, for every get.
        table.set_cache_index_and_filter_blocks(true);
        table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        table.set_partition_filters(true);
        table.set_metadata_block_size(METADATA_BLOCK);
        table.set_pin_top_level_index_and_filter(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    }
    if bloom {
        table.set_bloom_filter(10.0, false);
    }
    options.set_block_based_table_factory(&table);
}

impl Database {
    /// Opens or creates the database under `folder`.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(crate) fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let path = folder.join("db");
        let refused = |source| OpenError::Database { folder: folder.to_owned(), source };
        let base = options();
        let mut cache = LruCacheOptions::default();
        cache.set_capacity(BLOCK_CACHE);
        cache.set_num_shard_bits(CACHE_SHARD_BITS);
        let cache = Cache::new_lru_cache_opts(&cache);
        let mut data = Options::default();
        family(&mut data, Some(&cache), true);
        let mut log = Options::default();
        family(&mut log, None, false);

        let names = if path.join("CURRENT").exists() {
            Db::list_cf(&base, &path).map_err(refused)?
        } else {
            ["default", META, LOG, "data.1", "outcomes.1"].map(str::to_owned).to_vec()
        };
        let families = names.into_iter().map(|name| {
            let options = if name.starts_with("data.") || name.starts_with("outcomes.") { &data } else { &log };
            ColumnFamilyDescriptor::new(name, options.clone())
        });
        let db = Db::open_cf_descriptors(&base, &path, families).map_err(refused)?;
        let this = Self {
            db,
            folder: folder.to_owned(),
            generation: ArcSwap::from_pointee(Generation { number: 1 }),
            options: data,
        };
        let read = |key: &str| this.meta(key);
        match read("format")?.as_deref() {
            None => this.set_meta("format", &[FORMAT])?,
            Some([FORMAT]) => {}
            Some(found) => return Err(OpenError::Newer { found: found.first().copied().unwrap_or_default() }),
        }
        if let Some(bytes) = read("generation")? {
            let number = bytes.try_into().map(u64::from_be_bytes).map_err(|_| io::Error::other("generation"))?;
            this.generation.store(Arc::new(Generation { number }));
        }
        this.drop_other_generations();
        Ok(this)
    }

    pub(crate) fn cf(&self, name: &str) -> io::Result<Arc<BoundColumnFamily<'_>>> {
        self.db.cf_handle(name).ok_or_else(|| io::Error::other(format!("no column family {name}")))
    }

    /// Reads a meta record.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) fn meta(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        self.db.get_cf(&self.cf(META)?, key).map_err(io_error)
    }

    /// Writes a meta record, synced.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> io::Result<()> {
        let mut batch = WriteBatch::default();
        batch.put_cf(&self.cf(META)?, key, value);
        self.write_synced(batch)
    }

    pub(crate) fn commit(&self, batch: WriteBatch) -> io::Result<()> {
        self.db.write(batch).map_err(io_error)
    }

    pub(crate) fn write_synced(&self, batch: WriteBatch) -> io::Result<()> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(batch, &options).map_err(io_error)
    }

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// When the disk cannot promise it.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.db.flush_wal(true).map_err(io_error)
    }

    /// Creates the families of a generation, empty.
    pub(crate) fn create_generation(&self, generation: &Generation) -> io::Result<()> {
        for name in [generation.state(), generation.outcomes()] {
            if self.db.cf_handle(&name).is_some() {
                self.db.drop_cf(&name).map_err(io_error)?;
            }
            self.db.create_cf(&name, &self.options).map_err(io_error)?;
        }
        Ok(())
    }

    /// Removes what an interrupted or finished snapshot install left.
    pub(crate) fn drop_other_generations(&self) {
        let current = self.generation.load();
        let Ok(names) = Db::list_cf(&self.options, self.folder.join("db")) else { return };
        for name in names {
            let of_state = name.starts_with("data.") || name.starts_with("outcomes.");
            if of_state
                && name != current.state()
                && name != current.outcomes()
                && let Err(error) = self.db.drop_cf(&name)
            {
                tracing::warn!(%name, %error, "an old generation could not be dropped");
            }
        }
    }

    /// A RocksDB integer property summed over the state and log families.
    #[must_use]
    pub(crate) fn property(&self, name: &str) -> u64 {
        let generation = self.generation.load();
        [LOG.to_owned(), META.to_owned(), generation.state(), generation.outcomes()]
            .iter()
            .filter_map(|family| self.db.cf_handle(family))
            .filter_map(|family| self.db.property_int_value_cf(&family, name).ok().flatten())
            .sum()
    }

    /// Stops RocksDB's own threads. Called once nothing reads or writes any more, before the database is dropped.
    pub(crate) fn close(&self) {
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the last sync failed");
        }
        self.db.cancel_all_background_work(true);
    }
}
