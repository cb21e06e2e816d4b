//! A bit that flips in a snapshot on its way.

use std::cell::Cell;

use crate::proto::SnapshotRun;

thread_local! {
    static DUE: Cell<bool> = const { Cell::new(false) };
    static DONE: Cell<u64> = const { Cell::new(0) };
}

/// Damages the next run of a snapshot that any member of this thread's simulation receives.
pub fn damage_next_run() {
    DUE.set(true);
}

/// How many runs were damaged.
#[must_use]
pub fn damaged_runs() -> u64 {
    DONE.get()
}

/// Flips the last bit of a run's middle value, if damage is due.
pub(crate) fn damage(run: &mut SnapshotRun) {
    let middle = run.pairs.len() / 2;
    if let Some(last) = run.pairs.get_mut(middle).and_then(|pair| pair.value.last_mut())
        && DUE.replace(false)
    {
        *last ^= 1;
        DONE.set(DONE.get() + 1);
    }
}
