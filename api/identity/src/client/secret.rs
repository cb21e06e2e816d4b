//! Client secrets: shown once, kept as HMAC-SHA-256 under a sealed key of the realm, compared in constant time.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read, Sealed, Tx};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::kinds::AuthMethod;
use super::record::{Client, Clients, SecretHash};
use crate::ids::{ClientId, RealmId};
use crate::realm::secrets::client_secret_key;

/// Longest secret that is looked at: INDIGO's longest.
pub(super) const MAX_SECRET: usize = 512;
/// Separates this use of the realm's key from any other.
const PURPOSE: &[u8] = b"woad client secret v1";
/// Compared with when there is nothing to compare with. No HMAC is known to be this.
const NOTHING: [u8; 32] = [0; 32];

/// A new secret. Shown once to whoever asked for it.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// From 64 fresh random bytes.
    #[must_use]
    pub fn from_random(bytes: &[u8; 64]) -> Self {
        Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret, to show it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret")
    }
}

/// The realm's key, ready to hash with.
pub(super) struct SecretKey(hmac::Key);

impl SecretKey {
    pub(super) fn load(read: &impl Read, realm: &RealmId) -> Result<Self, Abort> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &client_secret_key(read, realm)?)))
    }

    /// Binds the hash to the client, so that one record's hash is of no use in another's.
    fn hash(&self, client: &str, secret: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(PURPOSE);
        context.update(&[0]);
        context.update(client.as_bytes());
        context.update(&[0]);
        context.update(secret.as_bytes());
        context.sign()
    }

    /// Whether the secret is one of the client's; takes the same time for an unknown client.
    pub(super) fn proves(&self, client: &str, secret: &str, kept: &[SecretHash]) -> bool {
        let hash = self.hash(client, secret);
        let mut proven = Choice::from(0);
        if kept.is_empty() {
            proven |= hash.as_ref().ct_eq(&NOTHING) & Choice::from(0);
        }
        for known in kept {
            proven |= hash.as_ref().ct_eq(&known.hash);
        }
        proven.into()
    }
}

/// Gives the client this secret and no other.
pub(super) fn set(
    tx: &Tx<'_>,
    realm: &RealmId,
    id: &ClientId,
    row: &mut Client,
    secret: &ClientSecret,
) -> Result<(), Abort> {
    let hash = SecretKey::load(tx, realm)?.hash(id.as_str(), secret.reveal()).as_ref().to_vec();
    row.secrets = vec![SecretHash { hash, created_ms: tx.now().0 }];
    row.sealed_secret = if row.auth_method()? == AuthMethod::ClientSecretJwt {
        let Sealed(sealed) = tx.seal::<Clients>(&(realm.clone(), id.clone()), secret.reveal().as_bytes())?;
        sealed
    } else {
        Vec::new()
    };
    Ok(())
}

/// Takes away what the client's method does not use.
pub(super) fn drop_unused(row: &mut Client) -> Result<(), Abort> {
    let method = row.auth_method()?;
    if !method.needs_secret() {
        row.secrets.clear();
    }
    if method != AuthMethod::ClientSecretJwt {
        row.sealed_secret.clear();
    }
    Ok(())
}
