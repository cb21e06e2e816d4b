//! From a closure to a committed transaction, at the node that received the request.
//!
//! ```text
//! transact ── evaluate on a local snapshot ── settle ── forward to the leader ── proposer ── Raft
//!     ▲                                          │                                            │
//!     └────── conflict: wait, run again ─────────┴──────────── outcome from own apply ◄───────┘
//! ```

mod backend;
mod forward;
mod freshness;
mod inside;
mod leader_time;
mod proposer;
mod queues;
mod read_index;
mod room;
mod settle;
mod stamper;
#[cfg(test)]
mod testing;

pub(crate) use backend::Origin;
pub(crate) use forward::Forwarder;
pub(crate) use freshness::Freshness;
pub(crate) use inside::Inside;
pub(crate) use leader_time::LeaderTime;
pub(crate) use proposer::{Proposed, Proposer, Refused};
pub(crate) use read_index::{ReadIndex, at_leader as leader_read_index};
pub(crate) use room::Room;
pub(crate) use stamper::{Offsets, SKEW_ALARM_MS};
