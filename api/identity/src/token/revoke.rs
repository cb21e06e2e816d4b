//! Revocation (RFC 7009).

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::{Value, json};

use super::claims::verify;
use super::live::{Inactive, live};
use super::revoked::{RevokedToken, RevokedTokens, SKEW_SECONDS};
use crate::client::AuthenticatedClient;
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::keys::{KeyCache, TokenFault};
use crate::realm::{RealmNotBefore, Realms};
use crate::refresh::{self, RefreshRevocation};

/// What came of it. Every one is a success on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is revoked; no replica calls it active once the transaction is committed.
    Revoked,
    /// It was dead already.
    Dead(Inactive),
    /// Not a token of this realm.
    Unknown(TokenFault),
    /// Not a refresh token of this realm, or of a family that ended.
    UnknownRefresh,
    /// Another client's: nothing happened.
    NotTheCallers,
}

impl From<RefreshRevocation> for Revocation {
    fn from(revocation: RefreshRevocation) -> Self {
        match revocation {
            RefreshRevocation::Revoked => Self::Revoked,
            RefreshRevocation::Unknown => Self::UnknownRefresh,
            RefreshRevocation::NotTheCallers => Self::NotTheCallers,
        }
    }
}

/// Revokes a token of the caller: an access token alone, a refresh token with its whole grant. Nothing is written
/// unless the token is live.
///
/// # Errors
/// When storage fails.
pub fn revoke(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    caller: &AuthenticatedClient,
    token: &str,
    actor: &Actor,
) -> Result<Outcome<Revocation>, Abort> {
    if refresh::is_refresh_token(token) {
        return Ok(match refresh::revoke(tx, &realm.key, caller.id(), token, actor)? {
            Outcome::Commit(done) => Outcome::Commit(done.into()),
            Outcome::Answer(done) => Outcome::Answer(done.into()),
        });
    }
    let token = match verify(tx, realm, keys, token)? {
        Ok(token) => token,
        Err(fault) => return Ok(Outcome::Answer(Revocation::Unknown(fault))),
    };
    if &token.client != caller.id() {
        return Ok(Outcome::Answer(Revocation::NotTheCallers));
    }
    if let Err(dead) = live(tx, &realm.key, &token)? {
        return Ok(Outcome::Answer(Revocation::Dead(dead)));
    }
    let row = RevokedToken {
        client_id: token.client.to_string(),
        expires_ms: token.claims.exp.saturating_add(SKEW_SECONDS).saturating_mul(1000),
        revoked_ms: tx.now().0,
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<RevokedTokens>((realm.key.clone(), token.claims.jti.clone()), row)?;
    let changes = json!({"client": token.client.as_str(), "sub": token.claims.sub, "exp": token.claims.exp});
    event::record(tx, &realm.key, "token.revoke", &token.claims.jti, changes, actor)?;
    Ok(Outcome::Commit(Revocation::Revoked))
}

/// Kills every token of the realm issued so far, in one write.
///
/// # Errors
/// When storage fails.
pub fn end_all(tx: &mut Tx<'_>, realm: &RealmId, actor: &Actor) -> Result<Outcome<()>, Abort> {
    tx.touch::<RealmNotBefore>(realm);
    event::record(tx, realm, "realm.end_tokens", realm.as_str(), Value::Null, actor)?;
    Ok(Outcome::Commit(()))
}
