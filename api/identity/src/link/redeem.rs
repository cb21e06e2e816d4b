//! Looking at a one-time link, and using it.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::record::{LinkKind, OneTimeLinks};
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::password::{self, PasswordHash};
use crate::realm::RealmNotBefore;
use crate::signin;
use crate::user::{self, UserNotBefore, Users};
use crate::{Decided, refuse};

/// There is no such link, or not any more. Nobody is told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is unknown, used, or over")]
pub struct NoLink;

/// A link that may be used, at one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLink {
    /// What it is for.
    pub kind: LinkKind,
    /// Whose password it sets.
    pub user: Stored<Users>,
}

/// Looks at a link without using it: programs open links before people do.
///
/// # Errors
/// Inner: [`NoLink`]. Outer: when storage fails.
pub fn look(read: &impl Read, realm: &RealmId, hash: &TokenHash) -> Result<Result<LiveLink, NoLink>, Abort> {
    let Some(Stored { row, .. }) = read.get::<OneTimeLinks>(&(realm.clone(), *hash))? else {
        return Ok(Err(NoLink));
    };
    let id = row.user()?;
    let ended = |marker: Option<Revision>| marker.is_some_and(|at| Revision(row.born_revision) < at);
    if ended(read.marker::<RealmNotBefore>(realm)?) || ended(read.marker::<UserNotBefore>(&(realm.clone(), id))?) {
        return Ok(Err(NoLink));
    }
    let Some(user) = user::get(read, realm, id)? else { return Ok(Err(NoLink)) };
    if !user::is_active(&user.row, read.now()) {
        return Ok(Err(NoLink));
    }
    Ok(Ok(LiveLink { kind: row.kind()?, user }))
}

/// Uses a link: sets the password, which ends the person's sessions, refresh families and tokens, and every other
/// link of theirs. Of two that use it at once, one succeeds. Answers whose password it was.
///
/// # Errors
/// Inner: [`NoLink`].
pub fn redeem(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    hash: &TokenHash,
    new: &PasswordHash,
    actor: &Actor,
) -> Decided<UserId, NoLink> {
    let link = match look(tx, realm, hash)? {
        Ok(link) => link,
        Err(none) => return refuse(none),
    };
    let user = link.user.key.1;
    tx.delete::<OneTimeLinks>(&(realm.clone(), *hash))?;
    let actor = actor.as_user(user);
    event::record(tx, realm, "link.redeem", &user.to_string(), json!({"kind": link.kind.name()}), &actor)?;
    signin::forgive(tx, realm, user)?;
    Ok(match password::set(tx, realm, user, new, &actor)? {
        Outcome::Commit(Ok(())) => Outcome::Commit(Ok(user)),
        // The person was there a moment ago, in this very transaction.
        Outcome::Commit(Err(_)) | Outcome::Answer(_) => Outcome::Answer(Err(NoLink)),
    })
}
