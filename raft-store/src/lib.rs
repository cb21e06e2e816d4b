//! The replicated, transactional store: raft-store-core on RocksDB and openraft, spoken between nodes over gRPC with
//! mutual TLS. Knows nothing of identity.
//!
//! `store.md` in the project's design pages is the contract; module documentation names its sentences.

pub mod disk;
pub mod env;
pub mod machine;

mod clock;
mod convert;
mod types;

/// Generated messages and services.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "generated code"
)]
pub mod proto {
    tonic::include_proto!("woad.peer.v1");
}

