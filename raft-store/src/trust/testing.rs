//! A small world for the tests of this module.

use aws_lc_rs::rand;
use raft_store_core::{NodeId, Timestamp};

use super::ca::{CertificateRequest, ClusterCa, NODE_LIFETIME_MS};
use super::{ClusterId, NodeIdentity, NodeKey, PeerIdentity};

/// 2026-11-18.
pub(super) const NOW: Timestamp = Timestamp(1_795_000_000_000);

pub(super) fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).unwrap();
}

pub(super) fn cluster(number: u8) -> ClusterId {
    ClusterId::generate(&|bytes| bytes.fill(number))
}

pub(super) fn ca(of: u8) -> ClusterCa {
    ClusterCa::generate(cluster(of), NOW, [of; 16]).unwrap()
}

/// A node whose certificate was issued by `ca` at `now` and names cluster `of`.
pub(super) fn node(ca: &ClusterCa, of: u8, node: u64, now: Timestamp) -> NodeIdentity {
    let key = NodeKey::generate().unwrap();
    let mut serial = [0; 16];
    fill(&mut serial);
    let certificate = ca
        .issue(&CertificateRequest {
            csr: &key.request().unwrap(),
            node: PeerIdentity { cluster: cluster(of), node: NodeId(node) },
            address: &"127.0.0.1:7000".parse().unwrap(),
            now,
            serial,
            lifetime_ms: NODE_LIFETIME_MS,
        })
        .unwrap();
    NodeIdentity::new(key, vec![certificate, ca.certificate().clone()]).unwrap()
}
