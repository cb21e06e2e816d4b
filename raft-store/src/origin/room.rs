//! Whether the leader has room for what it is asked to append (store.md 17).

use std::collections::BTreeSet;
use std::sync::Arc;

use raft_store_core::cluster::DiskSpace;
use raft_store_core::growth::grows;
use raft_store_core::wire;

use crate::cluster::Peers;
use crate::disk::Space;
use crate::env::SharedEnv;

/// Tables with lower ids are the store's own: membership, keyring, tokens to join.
const FIRST_FOREIGN_TABLE: u16 = 100;

/// What the proposer asks.
pub(crate) struct Room {
    pub(crate) node: u64,
    pub(crate) space: Arc<Space>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) env: SharedEnv,
    /// Tables whose records end something: they are written from the reserve.
    pub(crate) spared: BTreeSet<u16>,
}

impl Room {
    /// Whether the entry makes records and the leader's disk, or those of a majority of the voters, are nearly full.
    pub(crate) fn refuses(&self, entry: &wire::Entry, voters: &[u64]) -> bool {
        self.is_short(voters) && grows(entry, |table| table.0 < FIRST_FOREIGN_TABLE || self.spared.contains(&table.0))
    }

    fn is_short(&self, voters: &[u64]) -> bool {
        let own = self.space.seen().space;
        let now = self.env.boot();
        let short = voters.iter().filter(|voter| {
            let space = if **voter == self.node { Some(own) } else { self.peers.disk(**voter, now) };
            space.is_some_and(|space| space != DiskSpace::Ample)
        });
        own != DiskSpace::Ample || short.count() > voters.len() / 2
    }
}
