//! `[limits]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;

/// Fewer would let one browser's connections starve the rest.
const MIN_CONNECTIONS: u32 = 16;
/// More than a process has file descriptors for.
const MAX_CONNECTIONS: u32 = 1_000_000;
/// Some 40 KiB each with TLS: 160 MiB when all are open.
const DEFAULT_CONNECTIONS: u32 = 4096;

/// Limits that a machine's size may ask to change. All others are constants (see the table of limits).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections that each https listener holds at once, some 40 KiB each; further ones wait in the kernel's queue.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: DEFAULT_CONNECTIONS }
    }
}

impl Limits {
    pub(super) fn check(&self, report: &mut Report) {
        if !(MIN_CONNECTIONS..=MAX_CONNECTIONS).contains(&self.connections) {
            let text = format!("{} is not between {MIN_CONNECTIONS} and {MAX_CONNECTIONS}", self.connections);
            report.error("limits.connections", text);
        }
    }
}
