//! What an operator may set: one TOML file, then the environment over it.
//!
//! One struct a section. A key that no section knows stops the start, and so does a `WOAD_` variable that names none:
//! a setting with a typing error must not be a setting that silently isn't there.

mod cluster;
mod env;
mod https;
mod limits;
mod load;
mod log;
mod node;
mod operations;
mod peer;
mod report;
mod secret;
mod span;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cluster::Cluster;
pub use env::{Environment, PREFIX};
pub(crate) use env::{SCHEMA, admits, variable};
pub use https::{Forwarded, Https, TrustedProxy};
pub use limits::Limits;
pub use load::{DEFAULT_FILE, LoadError, load};
pub use log::{Format, Log};
pub use node::Node;
pub use operations::{MAX_OPERATOR_TOKEN, MIN_OPERATOR_TOKEN, Operations, operator_token};
pub use peer::Peer;
pub use report::{Finding, Report, Severity, read_bounded};
pub use secret::SecretText;
pub use span::Span;

/// Everything that can be set.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The node itself.
    pub node: Node,
    /// Where people and programs reach it.
    pub https: Https,
    /// Where the other nodes reach it.
    pub peer: Peer,
    /// Where its operators and their monitoring reach it.
    pub operations: Operations,
    /// What it needs to become, or to be, a member of a cluster.
    pub cluster: Cluster,
    /// What it writes to standard error. Warnings and errors are written at once, other lines within 5 ms; a process that is
    /// killed may lose these.
    pub log: Log,
    /// Limits that a machine's size may ask to change. All others are constants (see the table of limits).
    pub limits: Limits,
}

impl Config {
    /// Checks everything that can be known without starting: addresses, files and their modes, certificate and key.
    #[must_use]
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        self.node.check(&mut report);
        self.https.check(&mut report);
        self.peer.check(&mut report);
        self.operations.check(&self.socket(), &mut report);
        self.cluster.check(self.node.holds_member(), &mut report);
        self.log.check(&mut report);
        self.limits.check(&mut report);
        self.check_ports(&mut report);
        report
    }

    /// The Unix socket of the operations listener.
    #[must_use]
    pub fn socket(&self) -> std::path::PathBuf {
        self.operations.socket.clone().unwrap_or_else(|| self.node.data_dir.join("woad.sock"))
    }

    /// Two listeners on one address could not both be opened.
    fn check_ports(&self, report: &mut Report) {
        let mut seen: Vec<(&str, std::net::SocketAddr)> = Vec::new();
        let https = self.https.listen.iter().map(|address| ("https.listen", *address));
        let operations = self.operations.listen.iter().map(|address| ("operations.listen", *address));
        for (key, address) in https.chain([("peer.listen", self.peer.listen)]).chain(operations) {
            if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == address) {
                report.error(key, format!("{address} is taken by {other}"));
            }
            seen.push((key, address));
        }
    }
}
