//! Signing keys: their states, the public set, signing and verification.

mod cache;
mod generate;
mod jwks;
mod low_s;
mod record;
mod seen;
mod signer;
mod verifier;

#[cfg(test)]
mod tests;

use raft_store_core::{Abort, Read, Stored};

pub use cache::{KeyCache, NoKey};
pub use generate::{GeneratedKey, KeyError, generate};
pub use jwks::{Jwks, jwks};
pub use record::{ActiveKey, InvalidTransition, KeyState, RealmKeys, SigningAlg, SigningKey, SigningKeys};
pub use signer::{SignError, Signer};
pub(crate) use verifier::kid_of;
pub use verifier::{MAX_TOKEN_BYTES, TokenFault, Verifier};

pub(crate) use record::store;

use crate::ids::{Kid, RealmId};

/// Every key of a realm, retired ones included, by id.
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read, realm: &RealmId) -> Result<Vec<Stored<SigningKeys>>, Abort> {
    read.all::<RealmKeys>(realm)
}

/// One key.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, realm: &RealmId, kid: &Kid) -> Result<Option<Stored<SigningKeys>>, Abort> {
    read.get::<SigningKeys>(&(realm.clone(), kid.clone()))
}
