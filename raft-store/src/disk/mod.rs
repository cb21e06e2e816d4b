//! One RocksDB, one write-ahead log for vote, log and state, so that a crash leaves a prefix (store.md 15).

mod database;
mod kv;
mod lock;
mod log;
#[cfg(test)]
mod log_test;
#[cfg(test)]
mod suite_test;
mod sync;

pub(crate) use database::{Database, Generation, OpenError};
pub(crate) use kv::RocksView;
pub(crate) use lock::DataLock;
pub(crate) use log::LogStore;
pub(crate) use sync::{SyncStats, SyncThread};

pub(crate) use database::io_error;
