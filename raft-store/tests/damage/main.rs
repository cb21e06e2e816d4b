//! Damage to a member's folder: what RocksDB, its options, the sentinel and the checks of a start make of it. Nothing
//! that was acknowledged is ever missing without a word (store.md 6, 15).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../cluster/world.rs"]
#[allow(dead_code, reason = "the same tables and clusters, of which these tests use a part")]
mod world;

mod files;
mod lives;
mod sentinel;
mod tables;
