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
        if let Err(error) = self.open_keyring(&view) {
            tracing::error!(%error, "this node is sealed");
        }
    }
}

impl Follower {
    /// With the key in use; if that is another's by now, with the one in a file that opens it.
    fn open_keyring(&self, view: &View<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let mut why = match self.sealer.reload(view)? {
            Ok(()) if self.sealer.cluster_key().is_some() => return Ok(()),
            Ok(()) => None,
            Err(error) => Some(error),
        };
        for key in self.files.load_keys()? {
            match self.sealer.unseal(key, view)? {
                Ok(()) => return Ok(()),
                Err(error) => drop(why.get_or_insert(error)),
            }
        }
        match why {
            // An empty keyring: the node has not caught up yet.
            None | Some(keyring::KeyringError::Empty) => Ok(()),
            Some(error) => Err(error.into()),
        }
    }
}
