//! One RocksDB, one write-ahead log for vote, log and state, so that a crash leaves a prefix (store.md 15).

mod anew;
mod damage;
mod database;
mod engine;
#[cfg(test)]
mod engine_test;
#[cfg(any(test, feature = "simulation"))]
mod fake;
mod folder;
mod kv;
mod lock;
mod log;
#[cfg(test)]
mod log_test;
mod recent;
mod rocks;
mod sentinel;
mod space;
#[cfg(test)]
mod suite_test;
mod sync;
#[cfg(test)]
mod sync_test;

pub(crate) use damage::{Refusal, is_of_the_disk, judge};
#[cfg(test)]
pub(crate) use database::Generation;
pub(crate) use database::{Database, LOG, OpenError};
pub(crate) use engine::{Of, Reader, SharedVolume, SortedRun};
#[cfg(any(test, feature = "simulation"))]
pub use fake::FakeDisk;
pub(crate) use folder::Folder;
pub(crate) use kv::StateView;
pub(crate) use lock::DataLock;
pub(crate) use log::LogStore;
pub(crate) use recent::RecentStats;
pub(crate) use sentinel::Sentinel;
pub use sentinel::SentinelError;
pub(crate) use space::Space;
pub use space::Watermarks;
pub(crate) use sync::{SyncStats, SyncThread};

pub(crate) use database::io_error;
