//! `[node]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Report, Span};

/// A delay longer than this is a unit mixed up, not a slow disk.
const MAX_FSYNC_DELAY: Span = Span(std::time::Duration::from_secs(1));

/// The node itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Folder that holds everything this node keeps. Belongs to one process, one node and one cluster; created when
    /// missing.
    pub data_dir: PathBuf,
    /// Adds this to every flush to disk, to see on a fast disk what a slow one would do. For benchmarks and tests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_fsync_delay: Option<Span>,
    /// Lets the peer certificates that this node issues end after this time, to see them expire. For tests only; without
    /// it, 90 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_certificate_life: Option<Span>,
    /// Builds a snapshot after this many bytes of log and keeps a quarter of it. For tests only; without it, 256 MiB
    /// and 1 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_snapshot_bytes: Option<u64>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("/var/lib/woad"),
            debug_fsync_delay: None,
            debug_certificate_life: None,
            debug_snapshot_bytes: None,
        }
    }
}

impl Node {
    /// Whether the folder already belongs to a member.
    pub(super) fn holds_member(&self) -> bool {
        matches!(raft_store::presence(&self.data_dir), Ok(raft_store::Presence::Member))
    }

    pub(super) fn check(&self, report: &mut Report) {
        const KEY: &str = "node.data_dir";
        let path = self.data_dir.display();
        match std::fs::metadata(&self.data_dir) {
            Ok(meta) if meta.is_dir() => report.info(KEY, format!("{path}")),
            Ok(_) => report.error(KEY, format!("{path} is not a folder")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.data_dir.parent().is_some_and(|parent| parent.as_os_str().is_empty() || parent.is_dir()) {
                    report.info(KEY, format!("{path} will be created"));
                } else {
                    report.error(KEY, format!("{path}: the folder above it does not exist"));
                }
            }
            Err(error) => report.error(KEY, format!("{path}: {error}")),
        }
        if let Some(life) = self.debug_certificate_life {
            report.warning("node.debug_certificate_life", format!("peer certificates end after {life}"));
        }
        if let Some(delay) = self.debug_fsync_delay {
            if delay > MAX_FSYNC_DELAY {
                report.error("node.debug_fsync_delay", format!("{delay} is more than {MAX_FSYNC_DELAY}"));
            } else {
                report.warning("node.debug_fsync_delay", format!("every flush takes {delay} longer"));
            }
        }
    }
}
