//! What the cluster's own audit chain says of trust.

use prost::Message;
use raft_store_core::{Chain, Event, Tx};

/// An event's body, as prost. Fields are never renumbered: bodies are kept for years.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct TrustEvent {
    /// What happened; one of the constants here.
    #[prost(string, tag = "1")]
    pub action: String,
    /// To what: an id, never a secret.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// Cluster time, ms.
    #[prost(uint64, tag = "3")]
    pub at_ms: u64,
    /// What more there is to say; may be empty.
    #[prost(string, tag = "4")]
    pub detail: String,
}

/// A cluster began. Subject: its id.
pub const CLUSTER_CREATED: &str = "cluster.created";
/// An operator said that the recovery bundle is in safe custody. Subject: the cluster's id.
pub const CUSTODY_CONFIRMED: &str = "cluster.recovery_custody_confirmed";
/// A join token was made. Subject: its id.
pub const TOKEN_CREATED: &str = "join_token.created";
/// A join token was used up. Subject: its id.
pub const TOKEN_REDEEMED: &str = "join_token.redeemed";
/// A data key was added to the keyring. Subject: its number.
pub const DATA_KEY_CREATED: &str = "data_key.created";

/// Adds an event to the cluster's chain.
pub(super) fn record(tx: &mut Tx<'_>, action: &str, subject: String, detail: String) {
    use raft_store_core::Read;
    let at_ms = tx.now().0;
    let event = TrustEvent { action: action.to_owned(), subject, at_ms, detail };
    tx.audit(&Chain::Cluster, Event(event.encode_to_vec()));
}
