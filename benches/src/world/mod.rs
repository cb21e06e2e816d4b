//! The processes that are measured, and who uses them.

mod application;
mod browser;
mod cluster;
pub(crate) mod flush_delay;
mod forms;
pub(crate) mod http;
mod metrics;
mod node;
mod people;
mod process;
mod realm;
mod tls;

pub(crate) use application::{Application, Refresh, Tokens};
pub(crate) use browser::Browser;
pub(crate) use cluster::{Cluster, voters};
pub(crate) use metrics::Metrics;
pub(crate) use node::{Node, NodeOptions};
pub(crate) use people::{Person, join_groups, make_people};
pub(crate) use process::{Process, Under, free_port, program};
pub(crate) use realm::{Client, Realm, encoded};
pub(crate) use tls::Tls;
