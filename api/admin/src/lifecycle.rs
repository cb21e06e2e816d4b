//! What the administration asks of the node it runs in.

use std::sync::Arc;

use raft_store_core::cluster::ClusterControl;
use raft_store_core::store::BoxFuture;
use woad_http::Services;
use zeroize::Zeroizing;

/// A node that is a member of a cluster.
#[derive(Clone)]
pub struct Running {
    /// The replicated state, and what handlers need beside it.
    pub services: Services,
    /// The cluster itself.
    pub control: Arc<dyn ClusterControl>,
}

/// Why no cluster was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// This node is a member of a cluster, or is becoming one.
    #[error("this node belongs to a cluster already")]
    Initialised,
    /// Another reason, in words for an operator: a clock that is visibly wrong, a folder that can't be written. Must
    /// hold no secret.
    #[error("{0}")]
    Failed(String),
}

/// The node's life, implemented by the node.
pub trait Lifecycle: Send + Sync {
    /// The running member; `None` while this node belongs to no cluster, or is starting or stopping.
    fn running(&self) -> Option<Running>;

    /// Makes a cluster of this node alone. The recovery bundle, JSON, is shown once and kept nowhere.
    fn init(&self) -> BoxFuture<'_, Result<Zeroizing<String>, InitError>>;
}
