//! What a refresh token is worth.

use raft_store_core::{Abort, Read, Stored};

use super::GRACE_MS;
use super::record::{RefreshFamilies, RefreshFamily};
use super::token::{RefreshToken, Secret, TagKey};
use crate::client::AuthMethod;
use crate::grant::{self, GrantDead, LiveGrant};
use crate::ids::RealmId;
use crate::token::GrantId;

/// Why a refresh token is worth nothing. For logs, and for the one case that clients learn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFault {
    /// Not a token of this realm, or of a family that ended.
    #[error("refresh token unknown")]
    Unknown,
    /// It was replaced.
    #[error("refresh token replaced")]
    Replaced,
    /// Its grant ended.
    #[error(transparent)]
    Dead(#[from] GrantDead),
}

/// A refresh token that counts, at one state.
#[derive(Clone, Debug)]
pub struct LiveRefresh {
    /// Its family.
    pub family: Stored<RefreshFamilies>,
    /// Its client and its person.
    pub grant: LiveGrant,
}

/// Where a token stands in its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the one to be used.
    Current,
    /// Its successor is current.
    Previous,
    /// It was replaced before that.
    Older,
}

/// A token of this realm, found.
pub(super) struct Found {
    pub(super) key: TagKey,
    pub(super) id: GrantId,
    pub(super) secret: Secret,
    pub(super) place: Place,
    pub(super) family: Stored<RefreshFamilies>,
}

impl Found {
    /// A token of the same family, with this secret.
    pub(super) fn token(&self, secret: &Secret) -> RefreshToken {
        self.key.token(self.id, secret)
    }
}

/// Finds a token's family. `None` for what this realm did not make, and when the family is over.
pub(super) fn find(read: &impl Read, realm: &RealmId, token: &str) -> Result<Option<Found>, Abort> {
    let key = TagKey::load(read, realm)?;
    let Some((id, secret)) = key.parse(token) else { return Ok(None) };
    let Some(family) = read.get::<RefreshFamilies>(&(realm.clone(), id))? else { return Ok(None) };
    let place = if secret.is_kept_as(&family.row.current) {
        Place::Current
    } else if secret.is_kept_as(&family.row.previous) {
        Place::Previous
    } else {
        Place::Older
    };
    Ok(Some(Found { key, id, secret, place, family }))
}

/// Whether the token that was just replaced may still answer with its successor.
pub(super) fn in_grace(read: &impl Read, family: &RefreshFamily, method: AuthMethod) -> bool {
    // Whoever holds a public client's token may be anyone.
    method != AuthMethod::None && read.now().0 < family.rotated_ms.saturating_add(GRACE_MS)
}

/// What a refresh token is worth: the current one of a family whose grant counts. `read` must be linearizable.
///
/// # Errors
/// Inner: see [`RefreshFault`]. Outer: when storage fails, or this node is sealed.
pub fn look(read: &impl Read, realm: &RealmId, token: &str) -> Result<Result<LiveRefresh, RefreshFault>, Abort> {
    let Some(found) = find(read, realm, token)? else { return Ok(Err(RefreshFault::Unknown)) };
    if found.place != Place::Current {
        return Ok(Err(RefreshFault::Replaced));
    }
    Ok(match grant::live(read, realm, found.family.row.grant()?)? {
        Ok(grant) => Ok(LiveRefresh { family: found.family, grant }),
        Err(dead) => Err(dead.into()),
    })
}
