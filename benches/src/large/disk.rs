//! What a node keeps on disk.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// `st_blocks` counts these, whatever the file system's own are.
const BLOCK: u64 = 512;

/// Bytes that the files below a folder take, in MiB; those that go meanwhile are not counted.
pub(crate) fn used_mib(folder: &Path) -> f64 {
    let mut blocks = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => blocks += about.blocks(),
                Err(_) => {}
            }
        }
    }
    f64::from(u32::try_from(blocks * BLOCK / 1024).unwrap_or(u32::MAX)) / 1024.0
}
