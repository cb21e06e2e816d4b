//! RocksDB as an [`Engine`]: options, handles, batches.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raft_store_core::Mutant;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRecoveryMode, DBWithThreadMode, Direction, IngestExternalFileOptions, IteratorMode, LruCacheOptions,
    MultiThreaded, Options, ReadOptions, SnapshotWithThreadMode, WriteBatch, WriteOptions,
};

use super::engine::{Batch, Engine, Frozen, Of, Pairs, RawPair, Reader};
use super::io_error;

pub(super) type Db = DBWithThreadMode<MultiThreaded>;
type Handle<'a> = Arc<BoundColumnFamily<'a>>;

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

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // The default rolls back silently past a damaged record, which un-acknowledges synced entries.
    options.set_wal_recovery_mode(if Mutant::DefaultRecovery.lives() {
        DBRecoveryMode::PointInTime
    } else {
        DBRecoveryMode::TolerateCorruptedTailRecords
    });
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

/// An open RocksDB.
pub(crate) struct Rocks {
    pub(super) db: Db,
    path: PathBuf,
    /// Of the families that hold state.
    data: Options,
}

impl Rocks {
    /// Opens or creates the database at `path`, with `fresh` families in a new one. Those that `of_state` names are
    /// read at random, the others in order.
    pub(super) fn open(path: &Path, fresh: &[&str], of_state: fn(&str) -> bool) -> Result<Self, rocksdb::Error> {
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
            Db::list_cf(&base, path)?
        } else {
            std::iter::once("default").chain(fresh.iter().copied()).map(str::to_owned).collect()
        };
        let families = names.into_iter().map(|name| {
            let options = if of_state(&name) { &data } else { &log };
            ColumnFamilyDescriptor::new(name, options.clone())
        });
        let db = Db::open_cf_descriptors(&base, path, families)?;
        Ok(Self { db, path: path.to_owned(), data })
    }
}

fn handle<'a>(db: &'a Db, name: &str) -> io::Result<Handle<'a>> {
    db.cf_handle(name).ok_or_else(|| io::Error::other(format!("no column family {name}")))
}

/// Both handles.
struct Two<'a>([Handle<'a>; 2]);

impl<'a> Two<'a> {
    fn of(db: &'a Db, [first, second]: [&str; 2]) -> io::Result<Self> {
        Ok(Self([handle(db, first)?, handle(db, second)?]))
    }

    const fn get(&self, of: Of) -> &Handle<'a> {
        let [first, second] = &self.0;
        match of {
            Of::First => first,
            Of::Second => second,
        }
    }
}

fn bounded(to: Option<&[u8]>) -> ReadOptions {
    let mut options = ReadOptions::default();
    if let Some(to) = to {
        options.set_iterate_upper_bound(to);
    }
    options
}

/// Bytes read ahead of a scrub: many blocks a read, since it reads them all.
const SCRUB_AHEAD: usize = 1024 * 1024;

fn scrubbing() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_verify_checksums(true);
    options.fill_cache(false);
    options.set_readahead_size(SCRUB_AHEAD);
    options
}

struct RocksFrozen<'a> {
    snapshot: SnapshotWithThreadMode<'a, Db>,
    families: Two<'a>,
}

impl Frozen for RocksFrozen<'_> {
    fn get(&self, of: Of, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.snapshot.get_cf(self.families.get(of), key).map_err(io_error)
    }

    fn scan<'a>(&'a self, of: Of, from: &[u8], to: Option<&[u8]>) -> Pairs<'a> {
        let mode = IteratorMode::From(from, Direction::Forward);
        let pairs = self.snapshot.iterator_cf_opt(self.families.get(of), bounded(to), mode);
        Box::new(pairs.map(|pair| pair.map_err(io_error)))
    }

    fn scrub(&self, of: Of) -> Pairs<'_> {
        let pairs = self.snapshot.iterator_cf_opt(self.families.get(of), scrubbing(), IteratorMode::Start);
        Box::new(pairs.map(|pair| pair.map_err(io_error)))
    }
}

struct RocksBatch<'a> {
    db: &'a Db,
    families: Two<'a>,
    batch: WriteBatch,
}

impl Batch for RocksBatch<'_> {
    fn put(&mut self, of: Of, key: &[u8], value: &[u8]) {
        self.batch.put_cf(self.families.get(of), key, value);
    }

    fn delete(&mut self, of: Of, key: &[u8]) {
        self.batch.delete_cf(self.families.get(of), key);
    }

    fn delete_range(&mut self, of: Of, from: &[u8], to: &[u8]) {
        self.batch.delete_range_cf(self.families.get(of), from, to);
    }

    fn bytes(&self) -> usize {
        self.batch.size_in_bytes()
    }

    fn commit(self: Box<Self>, synced: bool) -> io::Result<()> {
        if !synced {
            return self.db.write(self.batch).map_err(io_error);
        }
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(self.batch, &options).map_err(io_error)
    }
}

/// A database and its consistent views, whoever holds it.
pub(super) fn freeze<'a>(db: &'a Db, families: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>> {
    Ok(Box::new(RocksFrozen { families: Two::of(db, families)?, snapshot: db.snapshot() }))
}

pub(super) fn get(db: &Db, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    db.get_cf(&handle(db, family)?, key).map_err(io_error)
}

impl Reader for Rocks {
    fn get(&self, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        get(&self.db, family, key)
    }

    fn freeze<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>> {
        freeze(&self.db, families)
    }
}

impl Engine for Rocks {
    fn families(&self) -> io::Result<Vec<String>> {
        Db::list_cf(&self.data, &self.path).map_err(io_error)
    }

    fn scan<'a>(&'a self, family: &str, from: &[u8], to: Option<&[u8]>) -> io::Result<Pairs<'a>> {
        let mode = IteratorMode::From(from, Direction::Forward);
        let pairs = self.db.iterator_cf_opt(&handle(&self.db, family)?, bounded(to), mode);
        Ok(Box::new(pairs.map(|pair| pair.map_err(io_error))))
    }

    fn scrub<'a>(&'a self, family: &str) -> io::Result<Pairs<'a>> {
        let pairs = self.db.iterator_cf_opt(&handle(&self.db, family)?, scrubbing(), IteratorMode::Start);
        Ok(Box::new(pairs.map(|pair| pair.map_err(io_error))))
    }

    fn last(&self, family: &str) -> io::Result<Option<RawPair>> {
        self.db.iterator_cf(&handle(&self.db, family)?, IteratorMode::End).next().transpose().map_err(io_error)
    }

    fn batch<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Batch + 'a>> {
        Ok(Box::new(RocksBatch { db: &self.db, families: Two::of(&self.db, families)?, batch: WriteBatch::default() }))
    }

    fn sync(&self) -> io::Result<()> {
        self.db.flush_wal(true).map_err(io_error)
    }

    fn create(&self, family: &str) -> io::Result<()> {
        self.db.create_cf(family, &self.data).map_err(io_error)
    }

    fn remove(&self, family: &str) -> io::Result<()> {
        self.db.drop_cf(family).map_err(io_error)
    }

    fn ingest(&self, family: &str, run: &Path) -> io::Result<()> {
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let family = handle(&self.db, family)?;
        self.db.ingest_external_file_cf_opts(&family, &options, vec![run]).map_err(io_error)
    }

    fn checkpoint(&self, path: &Path) -> io::Result<()> {
        Checkpoint::new(&self.db).map_err(io_error)?.create_checkpoint(path).map_err(io_error)
    }

    fn reclaim(&self, family: &str, to: &[u8]) -> io::Result<()> {
        self.db.delete_file_in_range_cf(&handle(&self.db, family)?, &[][..], to).map_err(io_error)
    }

    fn property(&self, family: &str, name: &str) -> Option<u64> {
        self.db.property_int_value_cf(&self.db.cf_handle(family)?, name).ok().flatten()
    }

    fn close(&self) {
        self.db.cancel_all_background_work(true);
    }
}
