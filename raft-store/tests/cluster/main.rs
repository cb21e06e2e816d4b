//! Real members on loopback: RocksDB, TLS, Raft.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod agreement;
mod avalanche;
mod certificates;
mod members;
mod peers;
mod recovery;
mod removal;
mod rotation;
mod serialisable;
mod stopping;
mod world;
