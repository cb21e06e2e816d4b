//! `[limits]`

use raft_store::Watermarks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use woad_http::limits::FAILURES;

use super::Report;

/// Fewer would let one browser's connections starve the rest.
const MIN_CONNECTIONS: u32 = 16;
/// More than a process has file descriptors for.
const MAX_CONNECTIONS: u32 = 1_000_000;
/// Some 40 KiB each with TLS: 160 MiB when all are open.
const DEFAULT_CONNECTIONS: u32 = 4096;
/// A quarter: no one address can take what all others need.
const DEFAULT_CONNECTIONS_PER_SOURCE: u32 = 1024;

/// Their memory is some 64 KiB each, and 1 MiB for the largest body.
const DEFAULT_REQUESTS: u32 = 1024;
/// Fewer would let one browser's requests starve the rest.
const MIN_REQUESTS: u32 = 32;
/// More would only wait.
const MAX_REQUESTS: u32 = 100_000;
/// Less does not hold an empty node.
const MIN_MEMORY: u32 = 128;

/// More is no limit.
const MAX_FAILURES: u32 = 1_000_000;

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
    /// Connections that the https listeners hold at once, some 40 KiB each. For a further one, that goes which has
    /// asked for nothing yet or is idle longest; when all are being answered, the new one is closed.
    pub connections: u32,
    /// The same for connections from one IPv4 address or IPv6 /64. Addresses in `https.trusted_proxies` are exempt.
    pub connections_per_source: u32,
    /// Requests at https that are under way at once, from their heads to the last bytes of their answers; further ones
    /// are answered 503 with `Retry-After`. Fewer while memory is short.
    pub requests: u32,
    /// Memory that this process may use, in MiB. 0: the limit of its control group, or else the machine's memory.
    /// Connections and requests are held to what fits.
    pub memory_mib: u32,
    /// Failed authentications (401) from one IPv4 address or IPv6 /64 at once; further ones are answered 429, but not
    /// credentials that were right there lately. 0: no limit. Login forms have limits of their own.
    pub failures: u32,
    /// How many more in each minute.
    pub failures_per_minute: u32,
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
            connections_per_source: DEFAULT_CONNECTIONS_PER_SOURCE,
            requests: DEFAULT_REQUESTS,
            memory_mib: 0,
            failures: FAILURES.burst,
            failures_per_minute: FAILURES.per_minute,
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
            ("limits.connections_per_source", self.connections_per_source, 1, MAX_CONNECTIONS),
            ("limits.requests", self.requests, MIN_REQUESTS, MAX_REQUESTS),
            ("limits.failures", self.failures, 0, MAX_FAILURES),
            ("limits.failures_per_minute", self.failures_per_minute, 1, MAX_FAILURES),
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
        if self.memory_mib != 0 && self.memory_mib < MIN_MEMORY {
            report.error("limits.memory_mib", format!("{} is neither 0 nor at least {MIN_MEMORY}", self.memory_mib));
        }
    }
}
