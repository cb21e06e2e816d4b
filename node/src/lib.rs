//! The binary `woad`: one node of a cluster. Configuration, listeners, TLS, start and stop.
//!
//! What it serves is written elsewhere: protocols in `api/`, the replicated store in `raft-store/`. Here they meet.

pub mod cli;
pub mod config;
pub mod exit;
pub mod health;
pub mod jobs;
pub mod log;
pub mod metrics;
pub mod operations;
pub mod phase;
pub mod protocols;
pub mod recover;
pub mod reference;
pub mod refusals;
pub mod rejoin;
pub mod resources;
pub mod runtime;
pub mod status;
pub mod store;
pub mod tls;

/// This binary's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
