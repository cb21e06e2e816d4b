//! What a node does when the store's own tables change: keyring and removed members.

use std::sync::Arc;

use raft_store_core::{ReadKv, Timestamp, View};

use crate::cluster::{NodeFiles, removed_nodes};
use crate::machine::Observer;
use crate::net::Gate;
use crate::trust::{KeyringSealer, keyring};

/// Follows the store's own tables.
pub(super) struct Follower {
    pub(super) sealer: Arc<KeyringSealer>,
    pub(super) gate: Arc<Gate>,
    pub(super) files: NodeFiles,
}

impl Observer for Follower {
    fn changed(&self, kv: &dyn ReadKv) {
        let view = match View::open(kv, &*self.sealer, Timestamp(0)) {
            Ok(view) => view,
            Err(error) => {
                tracing::error!(%error, "the state cannot be read");
                return;
            }
        };
        match removed_nodes(&view) {
            Ok(removed) => self.gate.set_removed(removed),
            Err(error) => tracing::error!(%error, "the node records cannot be read"),
        }
        let held = self.sealer.cluster_key().is_some();
        let opened = if held {
            self.sealer.reload(&view)
        } else {
            match self.files.load_key() {
                Ok(Some(key)) => self.sealer.unseal(key, &view),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the cluster key cannot be read; this node stays sealed");
                    return;
                }
            }
        };
        match opened {
            // An empty keyring: the node has not caught up yet.
            Ok(Ok(()) | Err(keyring::KeyringError::Empty)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the keyring does not open; this node stays sealed"),
            Err(error) => tracing::error!(%error, "the keyring cannot be read"),
        }
    }
}
