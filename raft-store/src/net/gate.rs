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
pub(crate) struct Gate {
    known: ArcSwap<Known>,
    /// Nodes that had more than they have, found by this node while it led.
    behind: ArcSwap<BTreeSet<u64>>,
}

impl Gate {
    /// Takes in which nodes were removed.
    pub(crate) fn set_removed(&self, removed: BTreeSet<u64>) {
        self.known.store(std::sync::Arc::new(Known { removed }));
    }

    /// Whether the node may speak.
    pub(crate) fn admits(&self, node: u64) -> bool {
        !self.known.load().removed.contains(&node) && !self.is_behind(node)
    }

    /// Refuses a node from here on: its log has lost what it had acknowledged (store.md 15).
    pub(crate) fn refuse_behind(&self, node: u64) {
        self.behind.rcu(|behind| {
            let mut behind = BTreeSet::clone(behind);
            behind.insert(node);
            behind
        });
    }

    /// Whether the node was found to have lost what it had acknowledged.
    pub(crate) fn is_behind(&self, node: u64) -> bool {
        self.behind.load().contains(&node)
    }

    /// The same, as an answer.
    pub(crate) fn check(&self, node: u64) -> Result<(), tonic::Status> {
        if self.admits(node) {
            return Ok(());
        }
        if self.is_behind(node) {
            return Err(tonic::Status::permission_denied(BEHIND));
        }
        tracing::warn!(node, "a removed node called");
        Err(tonic::Status::permission_denied(REMOVED))
    }
}

/// What a removed node is told. The words are part of the protocol.
const REMOVED: &str = "this node was removed from the cluster";

/// What a node is told that has lost what it had acknowledged. The words are part of the protocol.
const BEHIND: &str = "this node has lost what it had acknowledged: it must join again as a new node";

/// Whether a peer refused because this node has lost what it had acknowledged.
pub(crate) fn says_behind(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::PermissionDenied && status.message() == BEHIND
}

/// Whether a peer refused because this node was removed.
pub(crate) fn says_removed(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::PermissionDenied && status.message() == REMOVED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_nodes_and_nodes_that_lost_data_are_told_so_and_no_other() {
        let gate = Gate::default();
        gate.set_removed(BTreeSet::from([2]));
        gate.refuse_behind(3);
        assert!(gate.check(1).is_ok());
        assert!(says_removed(&gate.check(2).unwrap_err()) && !gate.is_behind(2));
        assert!(says_behind(&gate.check(3).unwrap_err()));
        gate.set_removed(BTreeSet::new());
        assert!(!gate.admits(3));
    }
}
