//! `[operations]`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::operations::socket;

/// A shorter operator token can be guessed: 32 characters of base64 are 192 bits.
pub const MIN_OPERATOR_TOKEN: usize = 32;
/// A longer one is a wrong file.
pub const MAX_OPERATOR_TOKEN: usize = 512;

/// Where `woadctl` and monitoring reach the node: `/metrics`, `/livez`, `/readyz` and the administration API.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// Unix socket, made with mode 0600: who may open it may do everything. Default: `woad.sock` in `node.data_dir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// Also listen on this loopback address. It serves metrics and health to everyone on the machine, and
    /// administration to holders of the operator token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// File with the operator token, 32 to 512 printable ASCII characters without space; its mode must not be wider
    /// than 0640. Without it, `listen` serves no administration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

impl Operations {
    pub(super) fn check(&self, path: &Path, report: &mut Report) {
        match socket::path_fits(path) {
            Ok(()) => report.info("operations.socket", path.display().to_string()),
            Err(error) => report.error("operations.socket", error.to_string()),
        }
        if let Some(address) = self.listen {
            if address.port() == 0 {
                report.error("operations.listen", format!("{address} names no port"));
            } else if address.ip().is_loopback() {
                report.info("operations.listen", format!("http://{address}"));
            } else {
                report.error("operations.listen", format!("{address} is not on loopback"));
            }
        }
        if let Some(path) = &self.token_file
            && let Some(bytes) = report.secret_file("operations.token_file", path)
            && let Err(why) = operator_token(&bytes)
        {
            report.error("operations.token_file", format!("{}: {why}", path.display()));
        }
    }
}

/// The operator token in a file's bytes, less white space at its end.
///
/// # Errors
/// When it is too short, too long, or holds what no header can carry.
pub fn operator_token(bytes: &[u8]) -> Result<&str, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not text")?.trim_ascii_end();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds more than one line of printable ASCII without spaces");
    }
    match text.len() {
        ..MIN_OPERATOR_TOKEN => Err("is shorter than 32 characters"),
        MIN_OPERATOR_TOKEN..=MAX_OPERATOR_TOKEN => Ok(text),
        _ => Err("is longer than 512 characters"),
    }
}
