//! Whole-system tests: real `woad` processes on loopback, spoken to as users, operators and attackers speak to them.
//!
//! A [`Cluster`] starts the processes; a [`Node`] can be killed, stopped, woken and started again; [`Admin`] asks its
//! operations socket, [`Endpoint`] its https listener, [`raw`] sends bytes no client would send and [`peer`] calls its
//! peer port. Tests wait for conditions, never for time, and end with [`Cluster::finish`], which looks at what every
//! test must leave behind: nodes that run and agree, no panic, no internal error and no secret in a log.
//!
//! Environment: `WOAD_BIN_DIR`, folder of the programs under test (default: beside the test's own target folder);
//! `WOAD_REQUIRE_ALL=1` makes a test fail that could not be exercised on this machine.

mod admin;
mod answer;
mod authority;
mod cluster;
mod endpoint;
mod exercised;
mod load;
mod node;
pub mod peer;
mod ports;
mod program;
pub mod raw;
mod realm;
mod state;
mod turn;
mod wait;

pub use admin::Admin;
pub use answer::Answer;
pub use authority::Authority;
pub use cluster::{Cluster, Setup};
pub use endpoint::Endpoint;
pub use exercised::not_exercised;
pub use load::{Acknowledged, TokenStream, Writers};
pub use node::{HOST, Node, OTHER_HOST};
pub use program::{program, python};
pub use realm::{Client, Realm};
pub use state::state_of;
pub use wait::eventually;
