//! The programs under test.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// A program under test.
///
/// # Errors
/// When it was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("WOAD_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        // target/debug/deps/<test>
        None => std::env::current_exe()?.ancestors().nth(2).context("no target folder")?.to_owned(),
    };
    let path = folder.join(name);
    ensure!(path.exists(), "{} is missing; build it: cargo build -p woad -p woadctl", path.display());
    Ok(path)
}
