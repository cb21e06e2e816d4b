//! Who was refused at the peer port, for whoever keeps account of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use raft_store_core::cluster::RefusedPeer;

/// Kinds and addresses told apart; beyond, addresses are left out.
const KEPT: usize = 64;

/// Counts since they were last taken.
#[derive(Debug, Default)]
pub(crate) struct RefusedPeers(Mutex<BTreeMap<(&'static str, Option<IpAddr>), u64>>);

impl RefusedPeers {
    /// No certificate of this cluster, or a broken handshake.
    pub(crate) const HANDSHAKE: &'static str = "handshake";
    /// Too many connections.
    pub(crate) const TOO_MANY: &'static str = "too_many";
    /// A node that was removed.
    pub(crate) const REMOVED: &'static str = "removed";
    /// A join without a good token.
    pub(crate) const JOIN: &'static str = "join";

    pub(crate) fn note(&self, kind: &'static str, from: Option<IpAddr>) {
        let mut counts = self.0.lock();
        let from = if counts.len() < KEPT || counts.contains_key(&(kind, from)) { from } else { None };
        *counts.entry((kind, from)).or_default() += 1;
    }

    pub(crate) fn take(&self) -> Vec<RefusedPeer> {
        let counts = std::mem::take(&mut *self.0.lock());
        counts.into_iter().map(|((kind, from), count)| RefusedPeer { kind, from, count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_takes_little_room_and_nothing_of_it_is_lost() {
        let refused = RefusedPeers::default();
        for at in 0..1_000_u32 {
            refused.note(RefusedPeers::HANDSHAKE, Some(IpAddr::from(at.to_be_bytes())));
        }
        let taken = refused.take();
        assert_eq!(taken.len(), KEPT + 1);
        assert_eq!(taken.iter().map(|refused| refused.count).sum::<u64>(), 1_000);
        assert!(refused.take().is_empty());
    }
}
