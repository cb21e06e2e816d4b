//! What the cluster's own audit chain says of trust.

use raft_store_core::{Chain, Event, Tx};
use serde::{Deserialize, Serialize};

/// An event's body, as JSON like every other's. Fields are never renamed: bodies are kept for years.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustEvent {
    /// What happened; one of the constants here.
    pub action: String,
    /// To what: an id, never a secret.
    pub subject: String,
    /// Cluster time, ms.
    pub at_ms: u64,
    /// What more there is to say; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
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

/// A rotation began. Subject: of what.
pub const ROTATION_BEGUN: &str = "rotation.begun";
/// A rotation ended: what was rotated counts no more. Subject: of what.
pub const ROTATION_ENDED: &str = "rotation.ended";
/// An operator waits no longer for some nodes. Subject: of which rotation.
pub const ROTATION_FORCED: &str = "rotation.forced";
/// A survivor of a lost quorum began a new life. Subject: the new cluster's id.
pub const CLUSTER_RECOVERED: &str = "cluster.recovered";

/// A node was let in. Subject: its id.
pub const NODE_JOINED: &str = "node.joined";
/// A node was removed. Subject: its id.
pub const NODE_REMOVED: &str = "node.removed";

/// Adds an event to the cluster's chain.
pub(crate) fn record(tx: &mut Tx<'_>, action: &str, subject: String, detail: String) {
    use raft_store_core::Read;
    let at_ms = tx.now().0;
    let event = TrustEvent { action: action.to_owned(), subject, at_ms, detail };
    // A struct of strings and a number always has a JSON form.
    let body = serde_json::to_vec(&event).unwrap_or_default();
    tx.audit(&Chain::Cluster, Event(body));
}
