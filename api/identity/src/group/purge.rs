//! Removing what hangs on somebody who is being deleted.

use raft_store_core::{Abort, Read, Tx};

use super::record::{GroupManagers, GroupsManagedBy, GroupsOfUser, Memberships};
use crate::ids::{RealmId, UserId};

/// Removes at most `limit` of their memberships; says how many.
pub(crate) fn purge_memberships(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, limit: usize) -> Result<usize, Abort> {
    let mut removed = 0;
    for stored in tx.all::<GroupsOfUser>(&(realm.clone(), user))?.into_iter().take(limit) {
        removed += usize::from(tx.delete::<Memberships>(&stored.key)?);
    }
    Ok(removed)
}

/// Removes at most `limit` of their managements; says how many.
pub(crate) fn purge_managements(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, limit: usize) -> Result<usize, Abort> {
    let mut removed = 0;
    for stored in tx.all::<GroupsManagedBy>(&(realm.clone(), user))?.into_iter().take(limit) {
        removed += usize::from(tx.delete::<GroupManagers>(&stored.key)?);
    }
    Ok(removed)
}
