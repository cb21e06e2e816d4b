//! One RocksDB, one write-ahead log for vote, log and state, so that a crash leaves a prefix (store.md 15).

mod database;
mod kv;
mod lock;
mod log;
mod sync;
#[cfg(test)]
mod suite_test;

pub use database::{Database, Generation, OpenError};
pub use kv::RocksView;
pub use lock::DataLock;
pub use log::LogStore;
pub use sync::{SyncStats, SyncThread};

pub(crate) use database::io_error;
