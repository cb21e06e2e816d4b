//! Room on the disk: two watermarks and a reserve (store.md 17).
//!
//! The reserve is a file of real blocks, the *ballast*. It is never counted as free, so that releasing it at the hard
//! watermark gives room to work in without lifting the watermark.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use raft_store_core::cluster::DiskSpace;
use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Its name in the data folder.
const BALLAST: &str = "ballast";
/// The reserve is at most this part of the disk: one fiftieth.
const RESERVE_PART: u64 = 50;
/// A watermark is left only when a fourth more than it is free: not to go in and out with each compaction.
const HYSTERESIS: u64 = 4;

/// Where the watermarks are. Of percent and bytes the smaller counts: percent on small disks, bytes on large ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// With less free than this part of the disk, what makes records is refused.
    pub soft_percent: u8,
    /// The same in bytes.
    pub soft_bytes: u64,
    /// With less free than this part of the disk, the node is unready and does not lead.
    pub hard_percent: u8,
    /// The same in bytes.
    pub hard_bytes: u64,
    /// Bytes of the reserve; a fiftieth of the disk at most.
    pub reserve_bytes: u64,
}

impl Default for Watermarks {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            soft_percent: 10,
            soft_bytes: 4096 * MIB,
            hard_percent: 5,
            hard_bytes: 1024 * MIB,
            reserve_bytes: 64 * MIB,
        }
    }
}

/// The watermarks of one disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marks {
    soft: u64,
    hard: u64,
    reserve: u64,
}

impl Marks {
    fn of(disk: u64, wanted: &Watermarks) -> Self {
        let part = |percent: u8, bytes: u64| (disk / 100 * u64::from(percent)).min(bytes);
        Self {
            soft: part(wanted.soft_percent, wanted.soft_bytes),
            hard: part(wanted.hard_percent, wanted.hard_bytes),
            reserve: wanted.reserve_bytes.min(disk / RESERVE_PART),
        }
    }

    /// The state after `now`, with so much free beside the reserve.
    fn next(self, now: DiskSpace, free: u64) -> DiskSpace {
        let left = |mark: u64| free > mark.saturating_add(mark / HYSTERESIS);
        let past_hard = free < self.hard || (matches!(now, DiskSpace::Exhausted) && !left(self.hard));
        let past_soft = free < self.soft || (!matches!(now, DiskSpace::Ample) && !left(self.soft));
        match (past_hard, past_soft) {
            (true, _) => DiskSpace::Exhausted,
            (false, true) => DiskSpace::Low,
            (false, false) => DiskSpace::Ample,
        }
    }

    /// Whether there is so much room that the reserve can be taken again.
    const fn may_reserve(self, free_beside: u64) -> bool {
        free_beside > self.soft.saturating_add(self.soft / HYSTERESIS)
    }
}

/// What was seen last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) space: DiskSpace,
    /// Bytes free beside the reserve.
    pub(crate) free: u64,
    /// Whether the reserve is on the disk.
    pub(crate) reserved: bool,
}

/// The room on the disk of a data folder.
pub(crate) struct Space {
    /// None: the disk has room for ever.
    folder: Option<PathBuf>,
    wanted: Watermarks,
    seen: Mutex<Seen>,
}

fn free_of(folder: &Path) -> io::Result<(u64, u64)> {
    let disk = statvfs(folder)?;
    Ok((disk.f_blocks.saturating_mul(disk.f_frsize), disk.f_bavail.saturating_mul(disk.f_frsize)))
}

impl Space {
    /// Looks at the disk, before anything else is written there: takes the reserve, or releases it.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub(crate) fn open(folder: &Path, wanted: Watermarks) -> io::Result<Self> {
        let seen = Mutex::new(Seen { reserved: folder.join(BALLAST).exists(), ..Seen::default() });
        let space = Self { folder: Some(folder.to_owned()), wanted, seen };
        space.look()?;
        Ok(space)
    }

    /// Room for ever, as on a simulated disk.
    #[cfg(feature = "simulation")]
    pub(crate) fn endless() -> Self {
        Self { folder: None, wanted: Watermarks::default(), seen: Mutex::default() }
    }

    /// Whether there is a disk to be looked at.
    pub(crate) const fn ends(&self) -> bool {
        self.folder.is_some()
    }

    /// What was seen last. Never waits for the disk.
    #[must_use]
    pub(crate) fn seen(&self) -> Seen {
        *self.seen.lock()
    }

    /// Looks at the disk, and releases the reserve at the hard watermark or takes it again. May wait for the disk.
    ///
    /// # Errors
    /// When the disk cannot be looked at.
    pub(crate) fn look(&self) -> io::Result<Seen> {
        let before = self.seen();
        let Some(folder) = &self.folder else { return Ok(before) };
        let (disk, available) = free_of(folder)?;
        let marks = Marks::of(disk, &self.wanted);
        let free = if before.reserved { available } else { available.saturating_sub(marks.reserve) };
        let space = marks.next(before.space, free);
        let mut reserved = before.reserved;
        if space == DiskSpace::Exhausted && reserved {
            fs::remove_file(folder.join(BALLAST))?;
            reserved = false;
        } else if !reserved && marks.reserve > 0 && marks.may_reserve(free) {
            reserved = reserve(folder, marks.reserve);
        }
        let seen = Seen { space, free, reserved };
        *self.seen.lock() = seen;
        if space != before.space {
            say(space, free);
        }
        Ok(seen)
    }
}

fn reserve(folder: &Path, bytes: u64) -> bool {
    let path = folder.join(BALLAST);
    let taken = OpenOptions::new().create(true).truncate(true).write(true).open(&path).and_then(|file: File| {
        fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
        file.sync_all()
    });
    if let Err(error) = &taken {
        tracing::debug!(%error, "no reserve could be taken");
        drop(fs::remove_file(path));
    }
    taken.is_ok()
}

fn say(space: DiskSpace, free: u64) {
    match space {
        DiskSpace::Ample => tracing::warn!(free, "the disk has room again"),
        DiskSpace::Low => tracing::error!(free, "the disk is nearly full: what makes records is refused"),
        DiskSpace::Exhausted => {
            tracing::error!(free, "the disk is full: this node is unready and does not lead; its reserve is released");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn percent_counts_on_small_disks_and_bytes_on_large_ones() {
        let small = Marks::of(64 * 1024 * 1024, &Watermarks::default());
        assert_eq!((small.soft / 1024, small.hard / 1024, small.reserve / 1024), (6553, 3276, 1310));
        let large = Marks::of(4096 * GIB, &Watermarks::default());
        assert_eq!((large.soft, large.hard, large.reserve), (4 * GIB, GIB, GIB / 16));
    }

    #[test]
    fn a_watermark_is_left_only_with_a_fourth_more_than_it() {
        use DiskSpace::{Ample, Exhausted, Low};
        let marks = Marks { soft: 1000, hard: 400, reserve: 100 };
        for (now, free, next) in [
            (Ample, 1000, Ample),
            (Ample, 999, Low),
            (Low, 1250, Low),
            (Low, 1251, Ample),
            (Ample, 399, Exhausted),
            (Low, 400, Low),
            (Exhausted, 500, Exhausted),
            (Exhausted, 501, Low),
            (Exhausted, 1251, Ample),
        ] {
            assert_eq!(marks.next(now, free), next, "{now:?} with {free}");
        }
    }

    #[test]
    fn the_reserve_is_released_at_the_hard_watermark_and_taken_again_with_room() {
        let folder = tempfile::tempdir().unwrap();
        let ballast = folder.path().join(BALLAST);
        let roomy = Watermarks { soft_bytes: 2, hard_bytes: 1, reserve_bytes: 8192, ..Watermarks::default() };
        let space = Space::open(folder.path(), roomy).unwrap();
        assert_eq!(fs::metadata(&ballast).unwrap().len(), 8192);
        assert_eq!((space.seen().space, space.seen().reserved), (DiskSpace::Ample, true));

        let full = Watermarks { hard_percent: 100, hard_bytes: u64::MAX, ..roomy };
        let space = Space::open(folder.path(), full).unwrap();
        assert_eq!((space.seen().space, space.seen().reserved), (DiskSpace::Exhausted, false));
        assert!(!ballast.exists());

        let space = Space::open(folder.path(), roomy).unwrap();
        assert!(space.seen().reserved && ballast.exists());
    }
}
