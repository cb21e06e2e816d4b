//! The public key set (RFC 7517 §5).

use raft_store_core::{Abort, Read, Revision};

use super::record::KeyState;
use crate::ids::RealmId;

/// A realm's public keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwks {
    /// The document.
    pub json: String,
    /// The latest change of any key in it; good for an `ETag` together with the number of keys.
    pub revision: Revision,
    /// Keys in it.
    pub keys: usize,
}

/// Every key that signs or verifies, in the order of their ids. Public halves only.
///
/// # Errors
/// When storage fails.
pub fn jwks(read: &impl Read, realm: &RealmId) -> Result<Jwks, Abort> {
    let mut revision = Revision(0);
    let mut keys = Vec::new();
    for key in super::list(read, realm)? {
        revision = revision.max(key.revision);
        if key.row.state()? != KeyState::Retired {
            keys.push(key.row.public_jwk);
        }
    }
    // Each is a JSON object already.
    Ok(Jwks { json: format!(r#"{{"keys":[{}]}}"#, keys.join(",")), revision, keys: keys.len() })
}
