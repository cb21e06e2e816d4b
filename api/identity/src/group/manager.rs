//! Managers: people who look after a group and those below it.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;

use super::lookup::{chain, get};
use super::record::{GroupManagers, GroupsManagedBy, Management, ManagersOfGroup};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId, UserId};
use crate::{Decided, refuse, user};

/// Managers of one group: they are removed with it, in one transaction.
pub const MAX_MANAGERS: usize = 100;

/// Why a group's managers were not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManagerError {
    /// There is no such group.
    #[error("no such group")]
    NoSuchGroup,
    /// There is no such user.
    #[error("no such user")]
    NoSuchUser,
    /// The group has [`MAX_MANAGERS`].
    #[error("a group has at most {MAX_MANAGERS} managers")]
    TooMany,
}

/// Makes somebody a manager of a group; nothing happens if they are.
///
/// # Errors
/// Inner: see [`ManagerError`]; nothing is written then.
pub fn add_manager(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    group: GroupId,
    user: UserId,
    actor: &Actor,
) -> Decided<(), ManagerError> {
    if let Err(error) = both(tx, realm, group, user)? {
        return refuse(error);
    }
    let at = (realm.clone(), group, user);
    if tx.get::<GroupManagers>(&at)?.is_some() {
        return Ok(Outcome::Answer(Ok(())));
    }
    if managers(tx, realm, group)?.len() >= MAX_MANAGERS {
        return refuse(ManagerError::TooMany);
    }
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<GroupManagers>(at, Management { created_ms: tx.now().0 })?;
    event::record(tx, realm, "group.add_manager", &group.to_string(), json!({ "user": user.to_string() }), actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Ends somebody's managing of a group; nothing happens if they don't.
///
/// # Errors
/// Inner: see [`ManagerError`]; nothing is written then.
pub fn remove_manager(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    group: GroupId,
    user: UserId,
    actor: &Actor,
) -> Decided<(), ManagerError> {
    if let Err(error) = both(tx, realm, group, user)? {
        return refuse(error);
    }
    if !tx.delete::<GroupManagers>(&(realm.clone(), group, user))? {
        return Ok(Outcome::Answer(Ok(())));
    }
    event::record(tx, realm, "group.remove_manager", &group.to_string(), json!({ "user": user.to_string() }), actor)?;
    Ok(Outcome::Commit(Ok(())))
}

fn both(tx: &Tx<'_>, realm: &RealmId, group: GroupId, user: UserId) -> Result<Result<(), ManagerError>, Abort> {
    Ok(if get(tx, realm, group)?.is_none() {
        Err(ManagerError::NoSuchGroup)
    } else if user::get(tx, realm, user)?.is_none() {
        Err(ManagerError::NoSuchUser)
    } else {
        Ok(())
    })
}

/// Who manages a group, by user id. Somebody who is being deleted may be among them for a while.
///
/// # Errors
/// When storage fails.
pub fn managers(read: &impl Read, realm: &RealmId, group: GroupId) -> Result<Vec<Stored<GroupManagers>>, Abort> {
    read.all::<ManagersOfGroup>(&(realm.clone(), group))
}

/// What somebody manages, without the groups below.
///
/// # Errors
/// When storage fails.
pub fn managed_by(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<GroupId>, Abort> {
    let managed = read.all::<GroupsManagedBy>(&(realm.clone(), user))?;
    Ok(managed.into_iter().map(|stored| stored.key.1).collect())
}

/// Whether somebody manages the group, or one above it.
///
/// # Errors
/// When storage fails.
pub fn manages(read: &impl Read, realm: &RealmId, user: UserId, group: GroupId) -> Result<bool, Abort> {
    for group in chain(read, realm, group)?.unwrap_or_default() {
        if read.get::<GroupManagers>(&(realm.clone(), group.key.1, user))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
