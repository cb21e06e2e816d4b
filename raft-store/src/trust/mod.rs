//! Who belongs to the cluster, and what is secret in it (store.md 21, 22).
//!
//! One certificate authority, made with the cluster, signs a certificate for every node: [`ca`], [`identity`]. Peers
//! know each other by it alone: [`peer_tls`]. A new node proves a single-use token instead: [`join_token`],
//! [`join_tokens`]. Secrets in the replicated state are sealed under data keys ([`sealer`]) that stand in a replicated
//! [`keyring`], wrapped by the [`cluster_key`], which is never in the log.
//!
//! Nothing here reads a clock or waits. Time comes in as an argument, and so do the bytes of tokens, keys and nonces;
//! only key pairs and signatures draw their randomness from the crypto provider.

use raft_store_core::sweep::Sweepable;
use raft_store_core::{Table, TableId};

pub mod address;
pub mod bundle;
pub mod ca;
pub mod clock;
pub mod cluster_id;
pub mod cluster_key;
pub mod cluster_record;
pub(crate) mod csr;
pub mod events;
mod hex;
pub mod identity;
pub mod join_tls;
pub mod join_token;
pub mod join_tokens;
pub mod keyring;
mod p256;
pub mod peer_identity;
pub mod peer_tls;
#[cfg(test)]
mod peer_tls_test;
mod pem;
mod private_file;
pub mod rotation;
pub mod sealer;
#[cfg(test)]
mod testing;
pub mod verify;
mod x509;

pub use address::PeerAddress;
pub use bundle::RecoveryBundle;
pub use ca::{CaError, CaPin, ClusterCa};
pub use clock::clock_plausible;
pub use cluster_id::ClusterId;
pub use cluster_key::{ClusterKey, ClusterKeyId};
pub use identity::{NodeIdentity, NodeKey};
pub use join_token::{JoinToken, TokenId, TokenSecret};
pub use peer_identity::PeerIdentity;
pub use peer_tls::{PeerTls, WallClock};
pub use private_file::FileError;
pub use sealer::KeyringSealer;
pub(crate) use x509::split as split_certificates;

/// The tables of this module, for the check that an entry names known tables only. Numbers 10 to 19 are its own.
pub const TABLES: [TableId; 5] = [
    join_tokens::JoinTokens::ID,
    keyring::DataKeys::ID,
    cluster_record::ClusterRecord::ID,
    rotation::Rotations::ID,
    rotation::Confirmations::ID,
];

/// What of it expires, for the sweep.
#[must_use]
pub fn sweepable() -> [Sweepable; 1] {
    [Sweepable::of::<join_tokens::JoinTokens>()]
}

/// Fills a slice with random bytes fit for keys.
pub type Fill<'a> = &'a dyn Fn(&mut [u8]);

/// `N` random bytes.
pub(crate) fn random<const N: usize>(fill: Fill<'_>) -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}
