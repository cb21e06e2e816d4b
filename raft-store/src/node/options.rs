//! How a member is opened, and why it may not be.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use raft_store_core::TableId;
use raft_store_core::sweep::Sweepable;

use crate::cluster::JoinRefused;
use crate::disk::{OpenError, SentinelError, Watermarks};
use crate::trust::FileError;
use crate::trust::ca::NODE_LIFETIME_MS;

/// When snapshots are built and the log is purged (store.md 17).
#[derive(Clone, Copy, Debug)]
pub struct Compaction {
    /// Bytes of log after which a snapshot is built.
    pub snapshot_bytes: u64,
    /// Time after which one is built, if anything was written.
    pub snapshot_interval: Duration,
    /// Bytes of log kept for followers.
    pub keep_bytes: u64,
    /// Time for which log is kept for followers.
    pub keep_for: Duration,
}

impl Default for Compaction {
    fn default() -> Self {
        Self {
            snapshot_bytes: 256 * 1024 * 1024,
            snapshot_interval: Duration::from_secs(600),
            keep_bytes: 1024 * 1024 * 1024,
            keep_for: Duration::from_secs(600),
        }
    }
}

/// What a member is opened with.
#[derive(Clone)]
pub struct Options {
    /// Folder that holds everything.
    pub data_dir: PathBuf,
    /// Where to listen for the other nodes.
    pub peer_listen: SocketAddr,
    /// What the other nodes connect to: `host:port`.
    pub peer_advertise: String,
    /// Where the cluster key is, when not in the folder.
    pub cluster_key_file: Option<PathBuf>,
    /// Slept after every flush, to stand for a disk that really flushes. For benches.
    pub debug_fsync_delay: Option<Duration>,
    /// How long the peer certificates that this node issues are valid, when not 90 days. For tests.
    pub debug_certificate_life: Option<Duration>,
    /// When snapshots are built and the log is purged.
    pub compaction: Compaction,
    /// Where the disk counts as nearly full, and as full.
    pub watermarks: Watermarks,
    /// Tables whose records end something (revocations): a nearly full disk takes them.
    pub spared: Vec<TableId>,
    /// Every table of the domain; the leader refuses writes to others.
    pub tables: Vec<TableId>,
    /// Every table of the domain whose records expire.
    pub sweep: Vec<Sweepable>,
    /// This software's version, shown to operators.
    pub version: String,
}

impl Options {
    pub(crate) fn certificate_life_ms(&self) -> u64 {
        let asked = self.debug_certificate_life.and_then(|life| u64::try_from(life.as_millis()).ok());
        asked.unwrap_or(NODE_LIFETIME_MS)
    }
}

/// What a data folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing, or the remains of an interrupted init or join.
    Fresh,
    /// A member of a cluster.
    Member,
}

/// What an operator is told to do about data that must not be served from.
pub const REJOIN: &str = "Under its old name this node may not serve again: run `woadctl cluster rejoin NODE` at a \
    healthy node, then `woad rejoin` here (docs/runbook.md, \"A damaged node\")";

/// Why a member could not be made, joined or opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file system, or the peer listener's address.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another process uses the folder.
    #[error("another process uses the data folder {0}")]
    Locked(PathBuf),
    /// The database is not usable.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// A key or certificate file is not usable.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder already belongs to a member.
    #[error("the data folder already belongs to node {node} of cluster {cluster}")]
    Member {
        /// Which node.
        node: u64,
        /// Of which cluster.
        cluster: String,
    },
    /// The folder holds no member.
    #[error("the data folder holds no member: init or join first")]
    NotMember,
    /// What is on disk must not be served from.
    #[error("{why}. {REJOIN}")]
    Damaged {
        /// What was found, and in which file.
        why: String,
    },
    /// The disk.
    #[error("the disk fails: {0}")]
    Disk(String),
    /// A committed entry cannot be applied.
    #[error("apply cannot go on: {0}")]
    Apply(String),
    /// Database, certificate and key are not of one node.
    #[error("the data folder mixes nodes: {0}")]
    Mixed(String),
    /// The cluster has moved to a level that this version does not know.
    #[error("the cluster is at level {found}, this version knows {known}: install a newer version")]
    Level {
        /// The state's.
        found: u32,
        /// This binary's.
        known: u32,
    },
    /// The clock is visibly wrong.
    #[error("the clock shows {0} ms since 1970, which cannot be right; set it first")]
    Clock(u64),
    /// The advertised peer address is not one.
    #[error("{0:?} is not host:port")]
    Address(String),
    /// The cluster did not let this node in.
    #[error(transparent)]
    Join(#[from] JoinRefused),
    /// Key material or TLS.
    #[error("trust: {0}")]
    Trust(String),
    /// Raft did not start.
    #[error("raft: {0}")]
    Raft(String),
}

impl From<SentinelError> for StartError {
    fn from(error: SentinelError) -> Self {
        match error {
            SentinelError::Owner { .. } => Self::Mixed(error.to_string()),
            SentinelError::Io { source, .. } => Self::Io(source),
            _ => Self::Damaged { why: error.to_string() },
        }
    }
}

pub(super) fn trust(error: impl std::fmt::Display) -> StartError {
    StartError::Trust(error.to_string())
}
