//! When somebody last signed in.

use raft_store_core::{Abort, Blind, Read, Table, TableId, Timestamp, Tx};

use crate::ids::{RealmId, UserId};
use crate::tables;

/// The record, apart from the person's own, so that signing in conflicts with nothing.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LastLogin {
    /// Cluster time in ms.
    #[prost(uint64, tag = "1")]
    pub at_ms: u64,
}

/// Last logins by realm and person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastLogins;

impl Table for LastLogins {
    type Key = (RealmId, UserId);
    type Row = LastLogin;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::LAST_LOGINS;
    const NAME: &'static str = "last logins";
}

impl Blind for LastLogins {}

/// When a person last signed in, if ever.
///
/// # Errors
/// When storage fails.
pub fn last_login(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Option<Timestamp>, Abort> {
    let stored = read.get::<LastLogins>(&(realm.clone(), user))?;
    Ok(stored.map(|stored| Timestamp(stored.row.at_ms)))
}

pub(super) fn remember(tx: &mut Tx<'_>, realm: &RealmId, user: UserId) -> Result<(), Abort> {
    let row = LastLogin { at_ms: tx.now().0 };
    tx.put_blind::<LastLogins>(&(realm.clone(), user), &row)
}

/// Removes the record of a person who is being deleted; answers whether there was one.
pub(crate) fn forget(tx: &mut Tx<'_>, realm: &RealmId, user: UserId) -> Result<bool, Abort> {
    tx.delete::<LastLogins>(&(realm.clone(), user))
}
