//! `[log]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;

/// What the node writes to standard error. One event a line; no secret is ever written at any level.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`; or by part: `info,raft_store=debug`.
    pub level: String,
    /// Shape of a line.
    pub format: Format,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For reading at a terminal.
    Text,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Json }
    }
}

impl Log {
    pub(super) fn check(&self, report: &mut Report) {
        match crate::log::filter(&self.level) {
            Ok(_) => report.info("log.level", self.level.clone()),
            Err(error) => report.error("log.level", format!("`{}`: {error}", self.level)),
        }
    }
}
