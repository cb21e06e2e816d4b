//! How files and memory are shared out.

use woad_http::LoadLimits;

use super::files::for_https;
use crate::config::Limits;

const MIB: u64 = 1024 * 1024;
/// What a node with a working set uses without anybody asking for anything: caches and write buffers of the database.
const BASE: u64 = 128 * MIB;
/// What hashing a password takes.
const HASH: u64 = 19 * MIB;
/// What is shared out at least, however little there is.
const LEAST: u64 = 32 * MIB;
/// Of a connection: buffers of TLS and of HTTP.
const CONNECTION: u64 = 48 * 1024;
/// Of a request under way, without its body: what was read, what is evaluated.
const REQUEST: u64 = 64 * 1024;
/// Connections at least.
const LEAST_CONNECTIONS: u64 = 64;
/// Bytes of bodies and answers under way, at least: a few of the largest.
const LEAST_BYTES: u64 = 8 * MIB;
/// And at most: more is not in flight on any line.
const MOST_BYTES: u64 = 256 * MIB;

/// What each part may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Bytes that the process may use.
    pub memory: u64,
    /// Connections at https.
    pub connections: usize,
    /// Of these, from one source.
    pub connections_per_source: usize,
    /// Requests and their bytes under way.
    pub load: LoadLimits,
}

impl Plan {
    /// Of what is configured, as much as files and memory allow.
    #[must_use]
    pub fn of(limits: &Limits, files: u64, detected: u64) -> Self {
        let memory = if limits.memory_mib == 0 { detected } else { u64::from(limits.memory_mib) * MIB };
        let hashing = u64::from(limits.password_threads) * HASH;
        let rest = memory.saturating_sub(BASE + hashing).max(LEAST);
        let connections = u64::from(limits.connections);
        let connections = connections.min(for_https(files)).min((rest / 2 / CONNECTION).max(LEAST_CONNECTIONS));
        let requests = u64::from(limits.requests).min(rest / 4 / REQUEST);
        let bytes = (rest / 4).clamp(LEAST_BYTES, MOST_BYTES);
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Self {
            memory,
            connections: size(connections),
            connections_per_source: size(connections.min(u64::from(limits.connections_per_source))),
            load: LoadLimits { requests: size(requests), bytes: size(bytes) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::FEWEST_FILES;

    fn plan(files: u64, mib: u64) -> (usize, usize, usize) {
        let plan = Plan::of(&Limits::default(), files, mib * MIB);
        (plan.connections, plan.load.requests, plan.load.bytes / (1024 * 1024))
    }

    #[test]
    fn what_is_configured_is_given_where_there_is_enough_and_less_elsewhere() {
        assert_eq!(plan(1 << 20, 4096), (4096, 1024, 256));
        assert_eq!(plan(FEWEST_FILES, 4096), (128, 1024, 256));
        assert_eq!(plan(2048, 4096), (640, 1024, 256));
        assert_eq!(plan(1 << 20, 256), (960, 360, 22));
        assert_eq!(plan(1 << 20, 64), (341, 128, 8));
    }

    #[test]
    fn a_limit_that_is_configured_counts_instead_of_the_machines() {
        let limits = Limits { memory_mib: 256, ..Limits::default() };
        assert_eq!(Plan::of(&limits, 1 << 20, 1 << 40).connections, 960);
    }
}
