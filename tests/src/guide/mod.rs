//! Pages whose command blocks are executed: found in the page, written as one script, run on a stage of hosts.

pub mod block;
pub mod script;
pub mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use block::Block;
pub use stage::Stage;

/// The repository's folder.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A page of the repository.
///
/// # Errors
/// When it can't be read.
pub fn page(path: &str) -> Result<String> {
    let path = repository().join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
