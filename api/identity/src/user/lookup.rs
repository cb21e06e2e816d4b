//! Finding people. Somebody who is being deleted is not found.

use raft_store_core::{Abort, Read, Stored, Timestamp, View};

use super::record::{
    Status, User, UserByExternalId, UserByLinkedIdentity, UserByName, Users, UsersWithEmail, email_key,
};
use crate::ids::{RealmId, UserId};
use crate::text::fold;

fn there(stored: &Stored<Users>) -> bool {
    stored.row.status != Status::Deleting.stored()
}

/// One person.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, realm: &RealmId, id: UserId) -> Result<Option<Stored<Users>>, Abort> {
    Ok(read.get::<Users>(&(realm.clone(), id))?.filter(there))
}

/// The person with this user name, in any case, width and normal form.
///
/// # Errors
/// When storage fails.
pub fn by_name(read: &impl Read, realm: &RealmId, name: &str) -> Result<Option<Stored<Users>>, Abort> {
    Ok(read.find::<UserByName>(&(realm.clone(), fold::user_name(name)))?.filter(there))
}

/// The people with this e-mail address: one at most where the realm has them unique.
///
/// # Errors
/// When storage fails.
pub fn by_email(read: &impl Read, realm: &RealmId, email: &str) -> Result<Vec<Stored<Users>>, Abort> {
    let mut found = read.all::<UsersWithEmail>(&(realm.clone(), email_key(email)))?;
    found.retain(there);
    Ok(found)
}

/// The people with this id at a provisioning client.
///
/// # Errors
/// When storage fails.
pub fn by_external_id(view: &View<'_>, realm: &RealmId, id: &str) -> Result<Vec<Stored<Users>>, Abort> {
    view.scan_index::<UserByExternalId>(&(realm.clone(), id.to_owned()))
}

/// The person that a certificate, SSH key or identity elsewhere belongs to; `identity` is that part's own.
///
/// # Errors
/// When storage fails.
pub fn by_identity(
    read: &impl Read,
    realm: &RealmId,
    (kind, first, second): (u8, String, String),
) -> Result<Option<Stored<Users>>, Abort> {
    Ok(read.find::<UserByLinkedIdentity>(&(realm.clone(), kind, first, second))?.filter(there))
}

/// At most `limit` people of a realm by id, after `after`. Unguarded: for listings.
///
/// # Errors
/// When storage fails.
pub fn list(
    view: &View<'_>,
    realm: &RealmId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Stored<Users>>, Abort> {
    let mut out = Vec::new();
    let mut after = after.map(|id| (realm.clone(), id));
    while out.len() < limit {
        let wanted = limit - out.len();
        let page = view.scan::<Users>(realm, after.as_ref(), wanted)?;
        let done = page.len() < wanted;
        after = page.last().map(|last| last.key.clone());
        out.extend(page.into_iter().filter(there));
        if done {
            break;
        }
    }
    Ok(out)
}

/// Whether somebody may act: active, and their end time has not passed.
#[must_use]
pub fn is_active(row: &User, now: Timestamp) -> bool {
    row.status == Status::Active.stored() && !has_ended(row, now)
}

/// Whether their end time has passed.
pub(super) fn has_ended(row: &User, now: Timestamp) -> bool {
    row.end_time_ms != 0 && row.end_time_ms <= now.0
}
