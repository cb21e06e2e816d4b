//! What a flush costs where the nodes keep their data.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::load::percentile;

/// One append, about what a small transaction takes in a log.
const APPEND: [u8; 512] = [0x5a; 512];
/// Enough for a 99th percentile.
const FLUSHES: usize = 1000;

/// Half, and all but one in a hundred, were not slower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flush {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Appends of 512 bytes, each with its `fdatasync`.
pub(crate) fn measure(folder: &Path) -> anyhow::Result<Flush> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut took = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let start = Instant::now();
        file.write_all(&APPEND)?;
        file.sync_data()?;
        took.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    took.sort_unstable();
    Ok(Flush { p50: percentile(&took, 50), p99: percentile(&took, 99) })
}
