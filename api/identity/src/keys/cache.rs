//! Parsed keys, kept between requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use raft_store_core::{Abort, Read, Revision, Sealed, Stored};

use super::generate::KeyError;
use super::record::{ActiveKey, KeyState, SigningAlg, SigningKeys};
use super::seen::Seen;
use super::signer::Signer;
use super::verifier::Verifier;
use crate::ids::{Kid, RealmId};

/// Keys kept of each sort: more than a cluster has realms' keys in use, and a bound on memory all the same.
const MAX_KEPT: usize = 1024;

/// The realm has no key for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// No active key of the algorithm.
    #[error("realm has no active {} key", .0.name())]
    Active(SigningAlg),
    /// No published key of this id.
    #[error("key not published")]
    NotPublished,
}

type Kept<V> = RwLock<BTreeMap<(RealmId, Kid), (Revision, Arc<V>)>>;

/// Parsed private and public keys. Every use reads the key's record first, so that a key that was retired or
/// replaced is never used from here: an entry counts only for the revision it was parsed from.
#[derive(Default)]
pub struct KeyCache {
    signers: Kept<Signer>,
    verifiers: Kept<Verifier>,
    seen: Arc<Seen>,
}

impl std::fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyCache")
    }
}

impl KeyCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The signer of the realm's active key of this algorithm.
    ///
    /// # Errors
    /// Inner: [`NoKey::Active`]. Outer: when storage fails, or this node is sealed.
    pub fn signer(
        &self,
        read: &impl Read,
        realm: &RealmId,
        alg: SigningAlg,
    ) -> Result<Result<Arc<Signer>, NoKey>, Abort> {
        let Some(stored) = read.find::<ActiveKey>(&(realm.clone(), alg.stored().unsigned_abs()))? else {
            return Ok(Err(NoKey::Active(alg)));
        };
        kept(&self.signers, &stored, || {
            let private = read.open::<SigningKeys>(&stored.key, &Sealed(stored.row.private_key.clone()))?;
            let signer = Signer::parse(alg, stored.key.1.clone(), &private);
            signer.map_err(|KeyError| Abort::corrupt("private key"))
        })
        .map(Ok)
    }

    /// The verifier of a key that is published.
    ///
    /// # Errors
    /// Inner: [`NoKey::NotPublished`]. Outer: when storage fails.
    pub fn verifier(
        &self,
        read: &impl Read,
        realm: &RealmId,
        kid: &Kid,
    ) -> Result<Result<Arc<Verifier>, NoKey>, Abort> {
        let Some(stored) = super::get(read, realm, kid)? else { return Ok(Err(NoKey::NotPublished)) };
        if stored.row.state()? == KeyState::Retired {
            return Ok(Err(NoKey::NotPublished));
        }
        kept(&self.verifiers, &stored, || {
            let verifier = Verifier::parse(stored.row.alg()?, &stored.row.public_jwk, Arc::clone(&self.seen));
            verifier.map_err(|KeyError| Abort::corrupt("public key"))
        })
        .map(Ok)
    }
}

fn kept<V>(
    cache: &Kept<V>,
    stored: &Stored<SigningKeys>,
    parse: impl FnOnce() -> Result<V, Abort>,
) -> Result<Arc<V>, Abort> {
    if let Some((revision, value)) = cache.read().get(&stored.key)
        && *revision == stored.revision
        && stored.revision != Revision(0)
    {
        return Ok(Arc::clone(value));
    }
    let value = Arc::new(parse()?);
    // A record of a transaction under way has no revision yet and may never get one.
    if stored.revision != Revision(0) {
        let mut cache = cache.write();
        if cache.len() >= MAX_KEPT {
            cache.clear();
        }
        cache.insert(stored.key.clone(), (stored.revision, Arc::clone(&value)));
    }
    Ok(value)
}
