//! What the node asks of a replicated store: the one place that knows which store stands behind the listeners.

pub mod memory;
mod replicated;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use raft_store_core::Store;
use raft_store_core::cluster::{ClusterControl, Health};
use raft_store_core::store::BoxFuture;
use zeroize::Zeroizing;

use crate::config::{Config, SecretText};

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder that holds everything.
    pub data_dir: PathBuf,
    /// Where to listen for the other nodes.
    pub peer_listen: SocketAddr,
    /// What the other nodes connect to.
    pub peer_advertise: String,
    /// Where the cluster key is, when not in the folder.
    pub cluster_key_file: Option<PathBuf>,
    /// Added to every flush.
    pub debug_fsync_delay: Option<Duration>,
    /// How long peer certificates are valid, when not as long as usual.
    pub debug_certificate_life: Option<Duration>,
    /// Bytes of log after which a snapshot is built, when not the store's own choice.
    pub debug_snapshot_bytes: Option<u64>,
    /// Where the disk counts as nearly full, and as full.
    pub watermarks: raft_store::Watermarks,
}

impl From<&Config> for Options {
    fn from(config: &Config) -> Self {
        Self {
            data_dir: config.node.data_dir.clone(),
            peer_listen: config.peer.listen,
            peer_advertise: config.peer.advertised(),
            cluster_key_file: config.cluster.key_file.clone(),
            debug_fsync_delay: config.node.debug_fsync_delay.map(|delay| delay.0),
            debug_certificate_life: config.node.debug_certificate_life.map(|life| life.0),
            debug_snapshot_bytes: config.node.debug_snapshot_bytes,
            watermarks: config.limits.watermarks(),
        }
    }
}

/// What a data folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Fresh,
    /// A member of a cluster.
    Member,
}

/// Why a store could not be made, joined or opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be looked at.
    #[error("data folder: {0}")]
    Folder(#[source] Source),
    /// No cluster was made.
    #[error("cluster not made: {0}")]
    Init(#[source] Source),
    /// The cluster was not joined.
    #[error("cluster not joined: {0}")]
    Join(#[source] Source),
    /// The member did not start.
    #[error("store not opened: {0}")]
    Start(#[source] Source),
}

/// The store's own error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// The printable recovery bundle of a new cluster. Shown once.
pub type Bundle = Zeroizing<String>;

/// A store that is being opened.
pub type Opening<T> = BoxFuture<'static, Result<T, OpenError>>;

/// Makes, joins and opens stores.
pub trait Opener: Send + Sync {
    /// What the folder holds.
    ///
    /// # Errors
    /// [`OpenError::Folder`].
    fn presence(&self, options: &Options) -> Result<Presence, OpenError>;
    /// Makes a cluster of this one node.
    fn init(&self, options: Options) -> Opening<(Arc<dyn Member>, Bundle)>;
    /// Joins the cluster that a token names.
    fn join(&self, options: Options, token: SecretText) -> Opening<Arc<dyn Member>>;
    /// Opens a member.
    fn start(&self, options: Options) -> Opening<Arc<dyn Member>>;
}

/// A store that is open.
pub trait Member: Send + Sync {
    /// The handle that protocols hold.
    fn store(&self) -> Store;
    /// The cluster itself.
    fn control(&self) -> Arc<dyn ClusterControl>;
    /// What it knows of its own fitness. Never waits, never touches the disk.
    fn health(&self) -> Health;
    /// What it measures.
    fn collectors(&self) -> Vec<Box<dyn Collector>>;
    /// Waits until something has ended its service for good.
    fn failed(&self) -> BoxFuture<'_, raft_store::Fault> {
        Box::pin(std::future::pending())
    }
    /// Stops it in order (store.md 18). Nothing may be asked of it afterwards.
    fn shutdown(&self) -> BoxFuture<'_, ()>;
}

/// Opens the store of this binary.
#[must_use]
pub fn opener() -> Box<dyn Opener> {
    Box::new(replicated::ReplicatedOpener)
}

/// What an open store measures, without one, for the reference.
#[must_use]
pub fn collectors() -> Vec<Box<dyn Collector>> {
    raft_store::described().unwrap_or_default()
}
