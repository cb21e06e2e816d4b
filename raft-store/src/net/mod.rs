//! Peers: tonic with mutual TLS, separate channels for appends, heartbeats, snapshots and forwarded calls.

mod accept;
mod announce;
mod channels;
mod client;
mod gate;
pub(crate) mod heartbeat;
mod line;
mod listener;
mod refused;
mod server;
mod snapshots;
mod tls;
mod trusting;

pub(crate) use accept::Doors;
pub(crate) use announce::Replicated;
pub(crate) use channels::{Channels, Purpose};
pub(crate) use client::NetworkFactory;
pub(crate) use gate::{Gate, says_behind, says_removed};
pub(crate) use line::Line;
#[cfg(feature = "simulation")]
pub(crate) use listener::serve_plain;
pub(crate) use listener::serve_tls;
pub(crate) use refused::RefusedPeers;
pub(crate) use server::PeerService;
pub(crate) use tls::TlsNet;

/// Bytes of one message at most (store.md 17): an append of 2 MiB, a proposal of 1 MiB, a snapshot run.
pub(crate) const MESSAGE_LIMIT: usize = 8 * 1024 * 1024;
