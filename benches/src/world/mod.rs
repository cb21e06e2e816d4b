//! The processes that are measured.

mod cluster;
pub(crate) mod http;
mod metrics;
mod node;
mod process;
mod realm;

pub(crate) use cluster::Cluster;
pub(crate) use metrics::Metrics;
pub(crate) use node::{Node, NodeOptions};
pub(crate) use process::{Process, free_port};
pub(crate) use realm::Client;
