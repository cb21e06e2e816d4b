//! Who may speak on the peer port: members only, whatever their certificate says.

use std::collections::BTreeSet;

use arc_swap::ArcSwap;

#[derive(Debug, Default)]
struct Known {
    /// Node ids that were removed.
    removed: BTreeSet<u64>,
}

/// Asked at every call and for every message of a stream.
///
/// A node that is not in this replica's membership may still be a member that joined later than what was applied
/// here, so only ids that are known to be removed are refused. Ids are never reused.
#[derive(Debug, Default)]
pub(crate) struct Gate(ArcSwap<Known>);

impl Gate {
    /// Takes in which nodes were removed.
    pub(crate) fn set_removed(&self, removed: BTreeSet<u64>) {
        self.0.store(std::sync::Arc::new(Known { removed }));
    }

    /// Whether the node may speak.
    pub(crate) fn admits(&self, node: u64) -> bool {
        !self.0.load().removed.contains(&node)
    }

    /// The same, as an answer.
    pub(crate) fn check(&self, node: u64) -> Result<(), tonic::Status> {
        if self.admits(node) {
            return Ok(());
        }
        tracing::warn!(node, "a removed node called");
        Err(tonic::Status::permission_denied(REMOVED))
    }
}

/// What a removed node is told. The words are part of the protocol.
const REMOVED: &str = "this node was removed from the cluster";

/// Whether a peer refused because this node was removed.
pub(crate) fn says_removed(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::PermissionDenied && status.message() == REMOVED
}
