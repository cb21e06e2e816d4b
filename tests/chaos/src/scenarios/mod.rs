//! The matrix: one file a family, one row a fault.

mod clocks;
mod damaged;
mod disks;
mod killed;
mod lagging;
mod members;
mod middle;
mod network;
mod partitioned;
mod paused;
mod power;

use crate::scenario::Row;

/// All rows, in the order in which they are played.
pub(crate) fn rows() -> Vec<&'static Row> {
    let families = [
        killed::ROWS,
        paused::ROWS,
        partitioned::ROWS,
        network::ROWS,
        power::ROWS,
        disks::ROWS,
        damaged::ROWS,
        lagging::ROWS,
        members::ROWS,
        clocks::ROWS,
        middle::ROWS,
    ];
    families.into_iter().flatten().collect()
}
