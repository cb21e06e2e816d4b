//! Ending sessions.

use raft_store_core::{Abort, Outcome, Tx};
use serde_json::json;

use super::list::{SessionId, list, records};
use super::record::Sessions;
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::user::UserNotBefore;
use crate::{Decided, refuse};

/// There is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such session")]
pub struct NoSuchSession;

/// How a session came to its end, for the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The person signed out in its browser.
    SignOut,
    /// Somebody ended it from elsewhere: the person, or an administrator.
    Other,
}

/// Ends the session of a token.
///
/// # Errors
/// Inner: there is none.
pub fn end(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    hash: &TokenHash,
    by: EndedBy,
    actor: &Actor,
) -> Decided<(), NoSuchSession> {
    let at = (realm.clone(), *hash);
    let Some(session) = raft_store_core::Read::get::<Sessions>(tx, &at)? else { return refuse(NoSuchSession) };
    let user = session.row.user()?;
    tx.delete::<Sessions>(&at)?;
    let what = match by {
        EndedBy::SignOut => "session.sign_out",
        EndedBy::Other => "session.end",
    };
    let changes = json!({"session": SessionId::of(hash).to_string()});
    event::record(tx, realm, what, &user.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Ends one of a person's sessions by its public name.
///
/// # Errors
/// Inner: the person has none of that name.
pub fn end_by_id(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    id: SessionId,
    actor: &Actor,
) -> Decided<(), NoSuchSession> {
    let found = list(tx, realm, user)?.into_iter().find(|session| SessionId::of(&session.key.1) == id);
    match found {
        Some(session) => end(tx, realm, &session.key.1, EndedBy::Other, actor),
        None => refuse(NoSuchSession),
    }
}

/// Ends all that is open to a person, or in their name, now: their sessions, and at every replica, once the transaction
/// is committed, every code, refresh family, access token and one-time link of theirs. Answers how many sessions counted.
///
/// # Errors
/// Only when storage fails.
pub fn end_all_access(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, actor: &Actor) -> Result<Outcome<usize>, Abort> {
    let counted = list(tx, realm, user)?.len();
    for session in records(tx, realm, user)? {
        tx.delete::<Sessions>(&session.key)?;
    }
    // Whether there was a session or not: applications go on without one.
    tx.touch::<UserNotBefore>(&(realm.clone(), user));
    event::record(tx, realm, "user.end_access", &user.to_string(), json!({"sessions": counted}), actor)?;
    Ok(Outcome::Commit(counted))
}

/// Removes at most `limit` sessions of a person who is being deleted; answers how many.
pub(crate) fn purge(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, limit: usize) -> Result<usize, Abort> {
    let all = records(tx, realm, user)?;
    for session in all.iter().take(limit) {
        tx.delete::<Sessions>(&session.key)?;
    }
    Ok(all.len().min(limit))
}
