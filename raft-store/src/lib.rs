//! The replicated, transactional store: raft-store-core on RocksDB and openraft, spoken between nodes over gRPC with
//! mutual TLS. Knows nothing of identity.
//!
//! `store.md` in the project's design pages is the contract; module documentation names its sentences.

mod agreement;
mod cluster;
pub mod dial;
mod disk;
pub mod env;
mod fault;
#[doc(hidden)]
pub mod fuzz;
pub mod limits;
mod machine;
pub mod metrics;
mod net;
mod origin;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod trust;

mod clock;
mod convert;
mod defence;
mod duties;
mod node;
pub mod recovery;
mod renewal;
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

pub use defence::DISK_HUNG;
pub use disk::{SentinelError, Watermarks};
pub use fault::Fault;
pub use metrics::described;
pub use node::{Compaction, Node, Options, Presence, REJOIN, StartError, init, join, presence, set_aside, start};
pub use trust::RecoveryBundle;
