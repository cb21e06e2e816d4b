//! Deleting a group: only an empty one.

use raft_store_core::{Abort, Outcome, Read, Tx};
use serde_json::json;

use super::lookup::get;
use super::record::{GroupManagers, Groups, ManagersOfGroup, MembersOfGroup, Subgroups};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId};
use crate::{Decided, refuse, user};

/// Memberships of people who are being deleted that are looked through for one who is not: each is a guard of the
/// 512 that a transaction may hold. The job that deletes them removes these rows shortly.
const MAX_GHOSTS: usize = 100;

/// Why a group was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteGroupError {
    /// There is no such group.
    #[error("no such group")]
    NotFound,
    /// It has members or subgroups.
    #[error("the group is not empty")]
    NotEmpty,
}

/// Deletes a group without members and subgroups.
///
/// # Errors
/// Inner: see [`DeleteGroupError`]; nothing is written then.
pub fn delete(tx: &mut Tx<'_>, realm: &RealmId, id: GroupId, actor: &Actor) -> Decided<(), DeleteGroupError> {
    let Some(stored) = get(tx, realm, id)? else { return refuse(DeleteGroupError::NotFound) };
    let at = (realm.clone(), id);
    if !tx.all::<Subgroups>(&at)?.is_empty() || has_members(tx, realm, id)? {
        return refuse(DeleteGroupError::NotEmpty);
    }
    for manager in tx.all::<ManagersOfGroup>(&at)? {
        tx.delete::<GroupManagers>(&manager.key)?;
    }
    tx.delete::<Groups>(&at)?;
    event::record(tx, realm, "group.delete", &id.to_string(), json!({ "name": stored.row.name }), actor)?;
    Ok(Outcome::Commit(Ok(())))
}

fn has_members(tx: &Tx<'_>, realm: &RealmId, id: GroupId) -> Result<bool, Abort> {
    let members = tx.all::<MembersOfGroup>(&(realm.clone(), id))?;
    if members.len() > MAX_GHOSTS {
        return Ok(true);
    }
    for member in members {
        if user::get(tx, realm, member.key.1)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
