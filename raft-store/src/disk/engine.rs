//! What the store asks of its storage engine (store.md 16): RocksDB stands behind it, and in the simulation a disk in
//! memory that forgets what was not synced.
//!
//! An engine holds ordered maps, *families*, named by text. Batches are atomic; what is written is readable at once and
//! durable after the next sync, and a crash leaves a prefix of the batches. Families come and go durably.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A key and a value as an engine gives them.
pub(crate) type RawPair = (Box<[u8]>, Box<[u8]>);
/// Pairs in ascending order.
pub(crate) type Pairs<'a> = Box<dyn Iterator<Item = io::Result<RawPair>> + 'a>;

/// Which of the two families that a view or batch was opened over. Found once, not at every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    First,
    Second,
}

/// Reads families.
pub(crate) trait Reader: Send + Sync {
    /// One value.
    fn get(&self, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>>;
    /// A consistent view of two families.
    fn freeze<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>>;
}

/// A consistent view: later writes do not show.
pub(crate) trait Frozen: Send + Sync {
    /// One value.
    fn get(&self, of: Of, key: &[u8]) -> io::Result<Option<Vec<u8>>>;
    /// The pairs with `from <= key < to`, ascending; `None`: to the end.
    fn scan<'a>(&'a self, of: Of, from: &[u8], to: Option<&[u8]>) -> Pairs<'a>;
    /// Every pair, ascending, read to find damage: checksums are verified and no cache is filled.
    fn scrub(&self, of: Of) -> Pairs<'_> {
        self.scan(of, &[], None)
    }
}

/// Writes that take effect together, in order.
pub(crate) trait Batch {
    /// Sets a value.
    fn put(&mut self, of: Of, key: &[u8], value: &[u8]);
    /// Removes a key.
    fn delete(&mut self, of: Of, key: &[u8]);
    /// Removes `from <= key < to`.
    fn delete_range(&mut self, of: Of, from: &[u8], to: &[u8]);
    /// Its encoded size.
    fn bytes(&self) -> usize;
    /// Makes it readable; durable as well if `synced`, and with it everything written before.
    fn commit(self: Box<Self>, synced: bool) -> io::Result<()>;
}

/// An open database.
pub(crate) trait Engine: Reader {
    /// The names of all families.
    fn families(&self) -> io::Result<Vec<String>>;
    /// The pairs with `from <= key < to`, ascending; `None`: to the end. Consistent in itself.
    fn scan<'a>(&'a self, family: &str, from: &[u8], to: Option<&[u8]>) -> io::Result<Pairs<'a>>;
    /// Every pair of a family, ascending, read to find damage: checksums are verified and no cache is filled.
    fn scrub<'a>(&'a self, family: &str) -> io::Result<Pairs<'a>> {
        self.scan(family, &[], None)
    }
    /// The pair with the greatest key.
    fn last(&self, family: &str) -> io::Result<Option<RawPair>>;
    /// An empty batch over two families.
    fn batch<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Batch + 'a>>;
    /// Makes everything written so far durable.
    fn sync(&self) -> io::Result<()>;
    /// Creates an empty family; durable.
    fn create(&self, family: &str) -> io::Result<()>;
    /// Removes a family; durable.
    fn remove(&self, family: &str) -> io::Result<()>;
    /// Moves a sorted run's file into an empty family; durable.
    fn ingest(&self, family: &str, run: &Path) -> io::Result<()>;
    /// Writes a copy of the present state to `path`, and makes that state durable.
    fn checkpoint(&self, path: &Path) -> io::Result<()>;
    /// Gives back the space of keys below `to` that were deleted. They are gone for good: their deletion must be
    /// durable already.
    fn reclaim(&self, family: &str, to: &[u8]) -> io::Result<()>;
    /// One of RocksDB's integer properties of a family, where there is such a thing.
    fn property(&self, family: &str, name: &str) -> Option<u64>;
    /// Ends work in the background. Nothing reads or writes any more.
    fn close(&self);
}

/// A file of pairs being written in ascending order.
pub(crate) trait SortedRun: Send {
    /// Adds a pair.
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()>;
    /// Ends the file.
    fn finish(&mut self) -> io::Result<()>;
}

/// The file system around a database: checkpoints and sorted runs lie in its folders.
pub(crate) trait Volume: Send + Sync + fmt::Debug {
    /// Opens a checkpoint without changing it.
    fn open_checkpoint(&self, path: &Path) -> io::Result<Box<dyn Reader>>;
    /// Starts a sorted run at a path.
    fn sorted_run(&self, path: &Path) -> io::Result<Box<dyn SortedRun>>;
    /// Creates a folder and those above it.
    fn create(&self, folder: &Path) -> io::Result<()>;
    /// What is in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Whether there is something at a path.
    fn exists(&self, path: &Path) -> bool;
    /// Renames a folder and makes that durable.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a folder with everything in it.
    fn remove(&self, folder: &Path) -> io::Result<()>;
}

/// A shared volume.
pub(crate) type SharedVolume = Arc<dyn Volume>;
