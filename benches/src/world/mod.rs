//! The processes that are measured, and who uses them.

mod application;
mod browser;
mod cluster;
mod forms;
pub(crate) mod http;
mod metrics;
mod node;
mod people;
mod process;
mod realm;

pub(crate) use application::{Application, Refresh, Tokens};
pub(crate) use browser::Browser;
pub(crate) use cluster::Cluster;
pub(crate) use metrics::Metrics;
pub(crate) use node::{Node, NodeOptions};
pub(crate) use people::{Person, join_groups, make_people};
pub(crate) use process::{Process, free_port};
pub(crate) use realm::{Client, Realm, encoded};
