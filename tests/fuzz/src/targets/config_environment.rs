//! Settings in the environment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "config_environment",
    run: target,
    seeds: || crate::texts(&["WOAD_NODE_DATA_DIR=/var/lib/woad", "WOAD_HTTPS_LISTEN=[\"0.0.0.0:8443\"]\nWOAD_HTTPS_PLAIN=true", "WOAD_CLUSTER_JOIN_TOKEN=secret-secret-secret\nWOAD_LOG_FORMAT=json", "WOAD_HTTPS_TRUSTED_PROXIES=10.0.0.0/8"]),
    words: &["WOAD_", "WOAD_NODE_", "WOAD_HTTPS_LISTEN=", "\n", "=", "\"", "[", "true", "\n[node]\n", "{", "WOAD_CLUSTER_JOIN_TOKEN=", "'''", "10s"],
    rounds: 1500,
};

/// Lines, each a variable: settings, or an error of one line that shows no secret.
pub fn target(data: &[u8]) {
    let variables = data.split(|byte| *byte == b'\n').take(16).filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        Some((OsString::from_vec(line[..at].to_vec()), OsString::from_vec(line[at + 1..].to_vec())))
    });
    let variables: Vec<_> = variables.collect();
    let only_there = variables.iter().all(|(name, value)| {
        name == "WOAD_CLUSTER_JOIN_TOKEN" || ![name, value].iter().any(|text| text.to_string_lossy().contains(SECRET))
    });
    if let Err(error) = woad::config::load(None, variables) {
        let said = error.to_string();
        assert!(!only_there || !said.contains(SECRET), "no secret is said: {said}");
    }
}

const SECRET: &str = "secret-secret";
