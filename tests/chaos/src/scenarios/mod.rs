//! The matrix: one file a family, one row a fault.

mod clocks;
mod crashes;
mod damaged;
mod disks;
mod impossible;
mod killed;
mod lagging;
mod limits;
mod members;
mod middle;
mod network;
mod partitioned;
mod paused;
mod poison;
mod power;
mod trusted;

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
        crashes::ROWS,
        poison::ROWS,
        trusted::ROWS,
        limits::ROWS,
        impossible::ROWS,
    ];
    families.into_iter().flatten().collect()
}
