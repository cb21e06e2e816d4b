//! Where peers are, which cluster, which node: the small texts of the trust between nodes.

use raft_store::trust::address::PeerAddress;
use raft_store::trust::cluster_id::ClusterId;
use raft_store::trust::peer_identity::PeerIdentity;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "addresses",
    run: target,
    seeds: || crate::texts(&["node-1.example.org:7000", "10.0.0.7:7000", "[2001:db8::1]:7000", "woad://0b0a8a2e-3a0c-4d3f-9d2c-1f2e3d4c5b6a/3", "0b0a8a2e-3a0c-4d3f-9d2c-1f2e3d4c5b6a"]),
    words: &["woad://", ":7000", "[::1]", "[::ffff:10.0.0.1%eth0]", "0x7f.1", "/0", "/+1", "xn--", ".", "-"],
    rounds: 20_000,
};

/// Any text. What is understood is written in one form, and understood so again.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(address) = text.parse::<PeerAddress>() {
        assert_eq!(address.to_string().parse().as_ref(), Ok(&address), "{address}");
        assert!(address.port() != 0 && !address.to_string().contains([' ', '/', '@', '%']), "{address}");
    }
    if let Ok(identity) = text.parse::<PeerIdentity>() {
        assert_eq!(identity.to_string(), text, "a node has one name");
    }
    if let Ok(id) = text.parse::<ClusterId>() {
        assert_eq!(id.to_string(), text, "a cluster has one id");
    }
}
