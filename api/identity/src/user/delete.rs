//! Deleting somebody: one write, and a job that removes what hangs on the record.

use raft_store_core::{Abort, Outcome, Read, Tx, View};

use super::record::{Status, User, Users, UsersBeingDeleted};
use super::{administrators, lookup, status};
use crate::event::Actor;
use crate::ids::{RealmId, UserId};
use crate::{Decided, consent, group, password, refresh, refuse, session, signin};

/// Rows that one step removes: each is at most four mutations of the 512 that a transaction may hold.
const STEP: usize = 100;

/// Why somebody was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteUserError {
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// The realm would be without an administrator.
    #[error("the realm would be without an administrator")]
    LastAdministrator,
}

/// What a step left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// There is more to remove: take another step.
    More,
    /// Nothing is left.
    Done,
}

/// Deletes somebody. From the commit on they are absent everywhere, their names are free, nothing that was issued to
/// them counts, and no personal field is left in the record. What hangs on it is [`purge_step`]'s.
///
/// # Errors
/// Inner: see [`DeleteUserError`]; nothing is written then.
pub fn delete(tx: &mut Tx<'_>, realm: &RealmId, id: UserId, actor: &Actor) -> Decided<(), DeleteUserError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(DeleteUserError::NotFound) };
    if administrators::is_last(tx, realm, &stored)? {
        return refuse(DeleteUserError::LastAdministrator);
    }
    let mut tombstone = User { created_ms: stored.row.created_ms, modified_ms: tx.now().0, ..User::default() };
    status::change(tx, realm, id, &mut tombstone, Status::Deleting, actor)?;
    // A tombstone has neither name nor identity that could be taken.
    let _ = tx.put::<Users>(stored.key, tombstone)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Removes some of what is left of somebody who was deleted, and the record last. May run twice, or at two nodes.
///
/// # Errors
/// When storage fails.
pub fn purge_step(tx: &mut Tx<'_>, realm: &RealmId, id: UserId) -> Result<Outcome<Purge>, Abort> {
    let at = (realm.clone(), id);
    match tx.get::<Users>(&at)? {
        Some(stored) if stored.row.status()? == Status::Deleting => {}
        _ => return Ok(Outcome::Answer(Purge::Done)),
    }
    let mut removed = password::purge(tx, realm, id)?;
    removed += group::purge_memberships(tx, realm, id, STEP.saturating_sub(removed))?;
    removed += group::purge_managements(tx, realm, id, STEP.saturating_sub(removed))?;
    removed += session::purge(tx, realm, id, STEP.saturating_sub(removed))?;
    removed += refresh::purge(tx, realm, id, STEP.saturating_sub(removed))?;
    removed += consent::purge(tx, realm, id, STEP.saturating_sub(removed))?;
    removed += usize::from(signin::forget(tx, realm, id)?);
    if removed >= STEP {
        return Ok(Outcome::Commit(Purge::More));
    }
    tx.delete::<Users>(&at)?;
    Ok(Outcome::Commit(Purge::Done))
}

/// Everybody, in all realms, whose deletion is not complete.
///
/// # Errors
/// When storage fails.
pub fn being_deleted(view: &View<'_>) -> Result<Vec<(RealmId, UserId)>, Abort> {
    Ok(view.scan_index::<UsersBeingDeleted>(&())?.into_iter().map(|stored| stored.key).collect())
}
