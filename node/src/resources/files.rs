//! File descriptors: as many as the system gives, and none taken from Raft and the database.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the database opens at most: its tables (512 by its own limit), logs, and a snapshot under way.
const STORE: u64 = 640;
/// Connections of the peer port, and those to the peers.
const PEERS: u64 = 576;
/// Connections of the operations listeners.
const OPERATIONS: u64 = 128;
/// Listeners, timers, the runtimes' own, and files that are read now and then.
const OWN: u64 = 64;
/// With fewer, https would have no room worth the name.
const LEAST_CONNECTIONS: u64 = 128;
/// The process does not start with fewer file descriptors.
pub const FEWEST_FILES: u64 = STORE + PEERS + OPERATIONS + OWN + LEAST_CONNECTIONS;
/// What is asked for where the system sets no limit.
const PLENTY: u64 = 1 << 20;

/// Why the file descriptors are not enough.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The hard limit is too low.
    #[error(
        "this process may open {0} files, and needs {FEWEST_FILES}: raise its hard limit (`LimitNOFILE=` in a systemd \
         unit, `--ulimit nofile=` of a container, `ulimit -Hn` in a shell)"
    )]
    TooFew(u64),
    /// The system refused.
    #[error("the limit of open files can't be raised: {0}")]
    System(#[from] io::Error),
}

/// Raises the soft limit to the hard one; tells what it is then.
///
/// # Errors
/// See [`FilesError`].
pub fn raise() -> Result<u64, FilesError> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(PLENTY);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
        setrlimit(Resource::Nofile, raised).map_err(io::Error::from)?;
    }
    if wanted < FEWEST_FILES { Err(FilesError::TooFew(wanted)) } else { Ok(wanted) }
}

/// Of so many files, those that https may use for its connections.
pub(super) const fn for_https(files: u64) -> u64 {
    files.saturating_sub(FEWEST_FILES - LEAST_CONNECTIONS)
}
