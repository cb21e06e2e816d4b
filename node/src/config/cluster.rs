//! `[cluster]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Report, SecretText};
use crate::config::read_bounded;

/// What the node needs to become, or to be, a member of a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// File that holds the cluster key, apart from the data it opens. Default: a file in `node.data_dir`, written when
    /// the cluster is made or joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// File with a join token (`woadctl token create join`). Used only while `node.data_dir` is empty; its mode must
    /// not be wider than 0640.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_token_file: Option<PathBuf>,
    /// The join token itself, for starts by environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_token: Option<SecretText>,
}

impl Cluster {
    pub(super) fn check(&self, member: bool, report: &mut Report) {
        if self.join_token.is_some() && self.join_token_file.is_some() {
            report.error("cluster.join_token", "is set together with cluster.join_token_file; choose one");
        }
        if self.join_token.as_ref().is_some_and(|token| token.reveal().trim().is_empty()) {
            report.error("cluster.join_token", "is empty");
        }
        if member {
            // A token is used once: its file may be gone by the next start.
        } else if let Some(path) = &self.join_token_file
            && let Some(bytes) = report.secret_file("cluster.join_token_file", path)
            && bytes.trim_ascii().is_empty()
        {
            report.error("cluster.join_token_file", format!("{} is empty", path.display()));
        }
        if let Some(path) = &self.key_file {
            check_key(path, report);
        }
    }

    /// The configured join token, from wherever it is configured.
    ///
    /// # Errors
    /// When its file can't be read.
    pub fn token(&self) -> std::io::Result<Option<SecretText>> {
        let Some(path) = &self.join_token_file else {
            return Ok(self.join_token.clone().map(|token| SecretText::new(token.reveal().trim().to_owned())));
        };
        let bytes = read_bounded(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| std::io::Error::other("is not text"))?;
        Ok(Some(SecretText::new(text.trim().to_owned())))
    }
}

/// The file may still be missing: making or joining the cluster writes it.
fn check_key(path: &Path, report: &mut Report) {
    const KEY: &str = "cluster.key_file";
    if path.exists() {
        if report.key_file(KEY, path).is_some() {
            report.info(KEY, path.display().to_string());
        }
    } else if path.parent().is_some_and(|parent| parent.as_os_str().is_empty() || parent.is_dir()) {
        report.info(KEY, format!("{} will be written when the cluster is made or joined", path.display()));
    } else {
        report.error(KEY, format!("{}: the folder above it does not exist", path.display()));
    }
}
