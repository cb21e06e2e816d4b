//! What is stored of a signing key.

use raft_store_core::{Abort, Index, IndexId, Read, Sealed, Set, SetId, Table, TableId, Taken, Through, Tx, Unique};

use super::generate::GeneratedKey;
use crate::ids::{Kid, RealmId};
use crate::tables;

/// Algorithms this issuer signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SigningAlg {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
}

impl SigningAlg {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The name in JOSE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// By its name in JOSE, in exactly this case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }

    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Es256 => 1,
            Self::Rs256 => 2,
        }
    }

    pub(crate) fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|alg| alg.stored() == value).ok_or_else(|| Abort::corrupt("signing algorithm"))
    }
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs, is published and verifies. At most one of each algorithm.
    Active,
    /// Is published and verifies: it will sign, or signed once.
    Published,
    /// Does nothing any more.
    Retired,
}

/// A step between states that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key cannot go from {from:?} to {to:?}")]
pub struct InvalidTransition {
    /// What it is.
    pub from: KeyState,
    /// What it was to be.
    pub to: KeyState,
}

impl KeyState {
    const ALL: [Self; 3] = [Self::Active, Self::Published, Self::Retired];

    /// The name in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    /// The step to another state. A retired key stays retired; an active key is published before it is retired, so
    /// that its last tokens verify.
    ///
    /// # Errors
    /// When it is not allowed.
    pub fn step_to(self, to: Self) -> Result<Self, InvalidTransition> {
        match (self, to) {
            (Self::Active, Self::Published) | (Self::Published, Self::Active | Self::Retired) => Ok(to),
            (from, to) => Err(InvalidTransition { from, to }),
        }
    }

    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Active => 1,
            Self::Published => 2,
            Self::Retired => 3,
        }
    }

    fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|state| state.stored() == value).ok_or_else(|| Abort::corrupt("key state"))
    }
}

/// A key's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct SigningKey {
    /// A [`SigningAlg`].
    #[prost(int32, tag = "1")]
    pub alg: i32,
    /// A [`KeyState`].
    #[prost(int32, tag = "2")]
    pub state: i32,
    /// The public key as a JWK.
    #[prost(string, tag = "3")]
    pub public_jwk: String,
    /// The private key as PKCS#8, sealed.
    #[prost(bytes = "vec", tag = "4")]
    pub private_key: Vec<u8>,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub created_ms: u64,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("alg", &self.alg).field("state", &self.state).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Its algorithm.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn alg(&self) -> Result<SigningAlg, Abort> {
        SigningAlg::from_stored(self.alg)
    }

    /// Its state.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn state(&self) -> Result<KeyState, Abort> {
        KeyState::from_stored(self.state)
    }
}

/// Keys by realm and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningKeys;

impl Table for SigningKeys {
    type Key = (RealmId, Kid);
    type Row = SigningKey;
    type Indexes = (ActiveKey,);
    type Sets = (RealmKeys,);
    const ID: TableId = tables::SIGNING_KEYS;
    const NAME: &'static str = "signing keys";
}

/// The key that signs, by realm and stored algorithm: unique, so that there are never two.
#[derive(Clone, Copy, Debug)]
pub struct ActiveKey;

impl Index for ActiveKey {
    type Of = SigningKeys;
    type Key = (RealmId, u32);
    const ID: IndexId = tables::ACTIVE_KEY;
    const NAME: &'static str = "active key";
    const UNIQUE: bool = true;
    fn keys((realm, _): &(RealmId, Kid), row: &SigningKey) -> Vec<(RealmId, u32)> {
        if row.state == KeyState::Active.stored() { vec![(realm.clone(), row.alg.unsigned_abs())] } else { Vec::new() }
    }
}

impl Unique for ActiveKey {}

/// Every key of a realm.
#[derive(Clone, Copy, Debug)]
pub struct RealmKeys;

impl Set for RealmKeys {
    type Of = SigningKeys;
    type Prefix = RealmId;
    const ID: SetId = tables::REALM_KEYS;
    const THROUGH: Through = Through::Primary;
    fn prefixes((realm, _): &(RealmId, Kid), _: &SigningKey) -> Vec<RealmId> {
        vec![realm.clone()]
    }
}

/// Stores a generated key.
pub(crate) fn store(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    key: &GeneratedKey,
    state: KeyState,
) -> Result<Result<(), Taken>, Abort> {
    let at = (realm.clone(), key.kid.clone());
    let Sealed(private_key) = tx.seal::<SigningKeys>(&at, &key.private_key)?;
    let row = SigningKey {
        alg: key.alg.stored(),
        state: state.stored(),
        public_jwk: key.public_jwk.clone(),
        private_key,
        created_ms: tx.now().0,
    };
    tx.insert::<SigningKeys>(at, row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_published_before_it_is_retired_and_never_comes_back() {
        use KeyState::{Active, Published, Retired};
        for (from, to, allowed) in [
            (Active, Published, true),
            (Published, Active, true),
            (Published, Retired, true),
            (Active, Retired, false),
            (Retired, Active, false),
            (Retired, Published, false),
            (Active, Active, false),
        ] {
            assert_eq!(from.step_to(to).is_ok(), allowed, "{from:?} {to:?}");
        }
    }

    #[test]
    fn unknown_stored_values_are_errors() {
        assert!(SigningAlg::from_stored(0).is_err());
        assert!(SigningAlg::from_stored(9).is_err());
        assert!(KeyState::from_stored(0).is_err());
    }
}
