//! A disk of its own for each node: ext4 on a file, so that one node's power can be cut and one disk be full.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::run::{line, run};

/// Room for everything a scenario writes, above every watermark. The file is sparse.
const BYTES: u64 = 16 * 1024 * 1024 * 1024;
const BLOCK: u64 = 4096;
/// A few rounds fill what the first leaves.
const TRIES: usize = 64;
/// Too little for a node to go on with.
const SPARE: u64 = 1024 * 1024;
/// A file system is busy for a moment after its last process was killed.
const BUSY: Duration = Duration::from_secs(5);
/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: what was not synced is gone, and every later write fails.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
for at in [os.open(path, os.O_RDONLY) for path in sys.argv[1:]]:
    fcntl.ioctl(at, 0x8004587d, struct.pack('I', 2))";

/// A node's disk.
pub(crate) struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    pub(super) fn make(folder: &Path, name: &str) -> Result<Self> {
        let disk = Self { image: folder.join(format!("disk-{name}.img")), mount: folder.join(format!("disk-{name}")) };
        fs::File::create(&disk.image)?.set_len(BYTES)?;
        fs::create_dir_all(&disk.mount)?;
        // No reserve for root, who is whom nodes run as here.
        let words = ["-q", "-m", "0", "-E", "lazy_itable_init=1"].map(std::ffi::OsStr::new);
        run("mkfs.ext4", &[words.as_slice(), &[disk.image.as_os_str()]].concat())?;
        disk.attach()?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub(crate) fn mount(&self) -> &Path {
        &self.mount
    }

    fn attach(&self) -> Result<()> {
        line(&format!("mount -o loop {} {}", self.image.display(), self.mount.display())).map(drop)
    }

    fn detach(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            match line(&format!("umount {}", self.mount.display())) {
                Err(_) if start.elapsed() < BUSY => std::thread::sleep(Duration::from_millis(20)),
                other => return other.map(drop),
            }
        }
    }

    /// Cuts the power of all these disks at once. Processes that use them are to be killed next.
    pub(crate) fn cut_power(disks: &[&Self]) -> Result<()> {
        let mounts = disks.iter().map(|disk| disk.mount.as_os_str());
        let words: Vec<_> = ["-c".as_ref(), SHUTDOWN.as_ref()].into_iter().chain(mounts).collect();
        run("python3", &words).map(drop)
    }

    /// Mounts it anew, as a machine does when it starts: the journal is replayed.
    pub(crate) fn power_on(&self) -> Result<()> {
        self.detach()?;
        self.attach()
    }

    /// Fills it but for that many bytes.
    pub(crate) fn fill(&self, leave: u64) -> Result<()> {
        let file = fs::File::create(self.ballast())?;
        let free = || -> Result<u64> {
            let free = rustix::fs::statvfs(&self.mount)?;
            Ok((free.f_bavail * free.f_frsize).saturating_sub(leave))
        };
        let mut length = 0;
        // What does not fit as a whole is taken as far as it fits, and refused all the same.
        for _ in 0..TRIES {
            let room = free()?;
            if room < BLOCK {
                break;
            }
            let _ = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), length, room);
            length = file.metadata()?.len().max(length + BLOCK);
        }
        ensure!(free()? < SPARE, "{} bytes are left free", free()?);
        Ok(())
    }

    /// Frees what [`Self::fill`] took.
    pub(crate) fn free(&self) -> Result<()> {
        fs::remove_file(self.ballast()).context("ballast")
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The enclosure's end does the same; a long run would fill the disk outside before.
        let _ = (line(&format!("umount -l {}", self.mount.display())), fs::remove_file(&self.image));
    }
}
