//! `[limits]`

use raft_store::Watermarks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;

/// Fewer would let one browser's connections starve the rest.
const MIN_CONNECTIONS: u32 = 16;
/// More than a process has file descriptors for.
const MAX_CONNECTIONS: u32 = 1_000_000;
/// Some 40 KiB each with TLS: 160 MiB when all are open.
const DEFAULT_CONNECTIONS: u32 = 4096;

/// One hash at once would let one sign-in wait for another.
const MIN_PASSWORD_THREADS: u32 = 1;
/// More than any machine has cores for.
const MAX_PASSWORD_THREADS: u32 = 256;
/// Two cores' worth: sign-ins never take a larger machine, nor more than 38 MiB.
const DEFAULT_PASSWORD_THREADS: u32 = 2;
/// More would wait longer than a browser does.
const MAX_PASSWORD_QUEUE: u32 = 10_000;
/// A second or two of work for the default threads.
const DEFAULT_PASSWORD_QUEUE: u32 = 64;

/// Limits that a machine's size may ask to change. All others are constants (see the table of limits).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections that each https listener holds at once, some 40 KiB each; further ones wait in the kernel's queue.
    pub connections: u32,
    /// Passwords that are hashed at once, 19 MiB and a core each.
    pub password_threads: u32,
    /// Requests that wait for a password to be hashed; further ones are answered 503.
    pub password_queue: u32,
    /// Soft watermark of the disk that holds `node.data_dir`, in percent of it: with less free, on the leader or on most
    /// of the nodes, what makes records is answered 507. What changes, ends or removes records goes on. Of percent and
    /// bytes the smaller counts.
    pub disk_soft_percent: u8,
    /// The same in bytes, for large disks.
    pub disk_soft_bytes: u64,
    /// Hard watermark, in percent of the disk: with less free the node is unready, does not lead, and releases its
    /// reserve.
    pub disk_hard_percent: u8,
    /// The same in bytes, for large disks.
    pub disk_hard_bytes: u64,
    /// Bytes of the reserve, a file `ballast` in `node.data_dir`; a fiftieth of the disk at most. 0: none.
    pub disk_reserve_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let disk = Watermarks::default();
        Self {
            connections: DEFAULT_CONNECTIONS,
            password_threads: DEFAULT_PASSWORD_THREADS,
            password_queue: DEFAULT_PASSWORD_QUEUE,
            disk_soft_percent: disk.soft_percent,
            disk_soft_bytes: disk.soft_bytes,
            disk_hard_percent: disk.hard_percent,
            disk_hard_bytes: disk.hard_bytes,
            disk_reserve_bytes: disk.reserve_bytes,
        }
    }
}

impl Limits {
    /// Where the disk counts as nearly full, and as full.
    #[must_use]
    pub const fn watermarks(&self) -> Watermarks {
        Watermarks {
            soft_percent: self.disk_soft_percent,
            soft_bytes: self.disk_soft_bytes,
            hard_percent: self.disk_hard_percent,
            hard_bytes: self.disk_hard_bytes,
            reserve_bytes: self.disk_reserve_bytes,
        }
    }

    pub(super) fn check(&self, report: &mut Report) {
        for (key, value, least, most) in [
            ("limits.connections", self.connections, MIN_CONNECTIONS, MAX_CONNECTIONS),
            ("limits.password_threads", self.password_threads, MIN_PASSWORD_THREADS, MAX_PASSWORD_THREADS),
            ("limits.password_queue", self.password_queue, 0, MAX_PASSWORD_QUEUE),
        ] {
            if !(least..=most).contains(&value) {
                report.error(key, format!("{value} is not between {least} and {most}"));
            }
        }
        if self.disk_soft_percent > 100 {
            report.error("limits.disk_soft_percent", format!("{} is more than 100", self.disk_soft_percent));
        }
        if self.disk_hard_percent > self.disk_soft_percent {
            report.error("limits.disk_hard_percent", "is more than limits.disk_soft_percent");
        }
        if self.disk_hard_bytes > self.disk_soft_bytes {
            report.error("limits.disk_hard_bytes", "is more than limits.disk_soft_bytes");
        }
    }
}
