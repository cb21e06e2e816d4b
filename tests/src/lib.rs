//! Whole-system tests: real `woad` processes on loopback, spoken to as users, operators and attackers speak to them.
//!
//! A [`Cluster`] starts the processes; a [`Node`] can be killed, stopped, woken and started again; [`Admin`] asks its
//! operations socket, [`Endpoint`] its https listener, [`raw`] sends bytes no client would send and [`peer`] calls its
//! peer port. Tests wait for conditions, never for time, and end with [`Cluster::finish`], which looks at what every
//! test must leave behind: nodes that run and agree, no panic, no internal error and no secret in a log.
//!
//! Environment: `WOAD_BIN_DIR`, folder of the programs under test (default: beside the test's own target folder);
//! `WOAD_REQUIRE_ALL=1` makes a test fail that could not be exercised on this machine; `WOAD_PYTHON`, `WOAD_NODE_MODULES`
//! and `WOAD_ARTIFACTS` as `scripts/test.sh` sets them.

mod admin;
mod answer;
mod application;
mod authority;
mod browser;
mod cluster;
mod endpoint;
mod exercised;
mod false_clock;
mod foreign;
mod gate;
pub mod guide;
mod html;
mod load;
mod middle;
mod node;
pub mod peer;
mod person;
mod ports;
mod program;
pub mod raw;
mod realm;
mod scim;
mod site;
mod state;
mod turn;
mod wait;

pub use admin::Admin;
pub use answer::Answer;
pub use application::{Application, CHALLENGE, Kind, Tokens, VERIFIER};
pub use authority::Authority;
pub use browser::{Browser, Page};
pub use cluster::{Cluster, Setup};
pub use endpoint::Endpoint;
pub use exercised::not_exercised;
pub use false_clock::FalseClock;
pub use foreign::{Foreign, artifacts, node_modules, python};
pub use gate::Gate;
pub use html::{Form, forms, unescaped};
pub use load::{Acknowledged, TokenStream, Writers};
pub use middle::Middle;
pub use node::{HOST, Node, OTHER_HOST};
pub use person::{PASSWORD, Person};
pub use ports::free as free_address;
pub use program::program;
pub use realm::{Client, Realm};
pub use scim::Scim;
pub use site::Site;
pub use state::state_of;
pub use wait::eventually;
