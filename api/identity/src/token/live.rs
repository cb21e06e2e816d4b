//! Whether a verified token still counts.

use raft_store_core::{Abort, Marker, MarkerId, Read, Revision, Stored};

use super::claims::VerifiedToken;
use super::ended_grant;
use super::revoked::RevokedTokens;
use crate::client::{self, ClientNotBefore, Clients};
use crate::ids::{ClientId, RealmId, UserId};
use crate::realm::RealmNotBefore;
use crate::tables;
use crate::user::{self, UserNotBefore, Users};

/// What the person allowed the client before this was touched is dead: access tokens, codes, refresh families.
#[derive(Clone, Copy, Debug)]
pub struct ConsentNotBefore;

impl Marker for ConsentNotBefore {
    type Key = (RealmId, UserId, ClientId);
    const ID: MarkerId = tables::CONSENT_NOT_BEFORE;
}

/// Why a token does not count. For logs: callers learn only that it is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inactive {
    /// It ended.
    #[error("token expired")]
    Expired,
    /// It has not begun.
    #[error("token not yet valid")]
    NotYet,
    /// It was revoked.
    #[error("token revoked")]
    Revoked,
    /// Every token of the realm of its time was.
    #[error("tokens of the realm ended")]
    RealmEnded,
    /// Every token of the client of its time was.
    #[error("tokens of the client ended")]
    ClientEnded,
    /// Every token of the grant of its time was.
    #[error("tokens of the grant ended")]
    GrantEnded,
    /// Every token of the person of its time was: suspended, deleted, another password.
    #[error("tokens of the user ended")]
    UserEnded,
    /// The person took back what they allowed the client.
    #[error("approval was removed")]
    ConsentRemoved,
    /// Its client is gone.
    #[error("client of the token is gone")]
    ClientGone,
    /// Its client is disabled.
    #[error("client of the token is suspended")]
    ClientSuspended,
    /// Its person is gone.
    #[error("user of the token is gone")]
    UserGone,
    /// Its person is suspended, or their end time has passed.
    #[error("user of the token is not active")]
    UserInactive,
}

/// Who is behind a token that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its client.
    pub client: Stored<Clients>,
    /// The person it is about; `None`: the client itself.
    pub user: Option<Stored<Users>>,
}

/// Who is behind a token, if it counts. `read` must be linearizable: no stale state may call a token active.
///
/// # Errors
/// Inner: see [`Inactive`]. Outer: when storage fails.
pub fn live(read: &impl Read, realm: &RealmId, token: &VerifiedToken) -> Result<Result<Live, Inactive>, Abort> {
    let (claims, now) = (&token.claims, read.now().seconds());
    if now >= claims.exp {
        return Ok(Err(Inactive::Expired));
    }
    if claims.nbf.is_some_and(|nbf| now < nbf) {
        return Ok(Err(Inactive::NotYet));
    }
    let ended = |marker: Option<Revision>| marker.is_some_and(|at| token.jti.revision < at);
    if ended(read.marker::<RealmNotBefore>(realm)?) {
        return Ok(Err(Inactive::RealmEnded));
    }
    if ended(read.marker::<ClientNotBefore>(&(realm.clone(), token.client.clone()))?) {
        return Ok(Err(Inactive::ClientEnded));
    }
    if let Some(grant) = token.jti.grant
        && ended_grant::ended(read, realm, grant, token.jti.revision)?
    {
        return Ok(Err(Inactive::GrantEnded));
    }
    if read.get::<RevokedTokens>(&(realm.clone(), claims.jti.clone()))?.is_some() {
        return Ok(Err(Inactive::Revoked));
    }
    let user = match token.user {
        None => None,
        Some(id) => {
            if ended(read.marker::<UserNotBefore>(&(realm.clone(), id))?) {
                return Ok(Err(Inactive::UserEnded));
            }
            if ended(read.marker::<ConsentNotBefore>(&(realm.clone(), id, token.client.clone()))?) {
                return Ok(Err(Inactive::ConsentRemoved));
            }
            let Some(user) = user::get(read, realm, id)? else { return Ok(Err(Inactive::UserGone)) };
            if !user::is_active(&user.row, read.now()) {
                return Ok(Err(Inactive::UserInactive));
            }
            Some(user)
        }
    };
    Ok(match client::get(read, realm, &token.client)? {
        None => Err(Inactive::ClientGone),
        Some(client) if !client.row.active => Err(Inactive::ClientSuspended),
        Some(client) => Ok(Live { client, user }),
    })
}
