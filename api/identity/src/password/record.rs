//! What is stored of a password: its hash, sealed.

use raft_store_core::{Abort, Outcome, Read, Revision, Sealed, Stored, Table, TableId, Tx};
use serde_json::Value;

use super::hash::PasswordHash;
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::tables;
use crate::user::{self, UserNotBefore};
use crate::{Decided, refuse};

/// A password's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct Password {
    /// The hash in the PHC string format, sealed.
    #[prost(bytes = "vec", tag = "1")]
    pub hash: Vec<u8>,
    /// When it was chosen, cluster time in ms.
    #[prost(uint64, tag = "2")]
    pub changed_ms: u64,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Password").field("changed_ms", &self.changed_ms).finish_non_exhaustive()
    }
}

/// Passwords by realm and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passwords;

impl Table for Passwords {
    type Key = (RealmId, UserId);
    type Row = Password;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::PASSWORDS;
    const NAME: &'static str = "passwords";
}

/// There is no such user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such user")]
pub struct NoSuchUser;

/// Why there is no password to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPassword {
    /// There is no such user.
    #[error("no such user")]
    NoSuchUser,
    /// They have none.
    #[error("the user has no password")]
    None,
}

/// Somebody's hash, and when its record was written.
///
/// # Errors
/// When storage fails or the node is sealed.
pub fn stored(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Option<(PasswordHash, Revision)>, Abort> {
    let at = (realm.clone(), user);
    let Some(Stored { row, revision, .. }) = read.get::<Passwords>(&at)? else { return Ok(None) };
    let plain = read.open::<Passwords>(&at, &Sealed(row.hash))?;
    let text = std::str::from_utf8(&plain).map_err(|_| Abort::corrupt("password"))?;
    let hash = PasswordHash::parse(text).map_err(|_| Abort::corrupt("password"))?;
    Ok(Some((hash, revision)))
}

/// Gives somebody a password. Ends every session, refresh family and token of theirs, on every replica once this is
/// committed.
///
/// # Errors
/// Inner: no such user.
pub fn set(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    hash: &PasswordHash,
    actor: &Actor,
) -> Decided<(), NoSuchUser> {
    if user::get(tx, realm, user)?.is_none() {
        return refuse(NoSuchUser);
    }
    put(tx, realm, user, hash, tx.now().0)?;
    tx.touch::<UserNotBefore>(&(realm.clone(), user));
    event::record(tx, realm, "user.set_password", &user.to_string(), Value::Null, actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Takes somebody's password away; ends what [`set`] ends.
///
/// # Errors
/// Inner: no such user, or no password.
pub fn remove(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, actor: &Actor) -> Decided<(), NoPassword> {
    if user::get(tx, realm, user)?.is_none() {
        return refuse(NoPassword::NoSuchUser);
    }
    let at = (realm.clone(), user);
    if !tx.delete::<Passwords>(&at)? {
        return refuse(NoPassword::None);
    }
    tx.touch::<UserNotBefore>(&at);
    event::record(tx, realm, "user.remove_password", &user.to_string(), Value::Null, actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// The same password under a stronger hash: nothing ends. Does nothing without a password.
pub(crate) fn rehash(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, hash: &PasswordHash) -> Result<(), Abort> {
    match tx.get::<Passwords>(&(realm.clone(), user))? {
        Some(stored) => put(tx, realm, user, hash, stored.row.changed_ms),
        None => Ok(()),
    }
}

/// Writes a hash into the record of a user who is there.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    hash: &PasswordHash,
    changed_ms: u64,
) -> Result<(), Abort> {
    let at = (realm.clone(), user);
    let Sealed(hash) = tx.seal::<Passwords>(&at, hash.reveal().as_bytes())?;
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Passwords>(at, Password { hash, changed_ms })?;
    Ok(())
}

/// Removes the password of somebody who is being deleted; says how many rows that were.
pub(crate) fn purge(tx: &mut Tx<'_>, realm: &RealmId, user: UserId) -> Result<usize, Abort> {
    Ok(usize::from(tx.delete::<Passwords>(&(realm.clone(), user))?))
}
