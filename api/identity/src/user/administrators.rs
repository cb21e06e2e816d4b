//! A realm always keeps an administrator.

use raft_store_core::{Abort, Read, Stored};

use super::lookup::is_active;
use super::record::{RealmAdministrators, User, Users};
use crate::ids::{RealmId, UserId};

/// Whether the realm would be without an administrator if this one ceased to be one, or came to an end. Somebody whose
/// own end is set doesn't replace somebody who stays.
pub(super) fn is_last(read: &impl Read, realm: &RealmId, user: &Stored<Users>) -> Result<bool, Abort> {
    if !user.row.administrator || !is_active(&user.row, read.now()) {
        return Ok(false);
    }
    let stays = |row: &User| row.end_time_ms == 0;
    let others = others(read, realm, user.key.1)?;
    Ok(!others.iter().any(|other| stays(other) || !stays(&user.row)))
}

fn others(read: &impl Read, realm: &RealmId, but: UserId) -> Result<Vec<User>, Abort> {
    let now = read.now();
    let all = read.all::<RealmAdministrators>(realm)?;
    Ok(all.into_iter().filter(|one| one.key.1 != but && is_active(&one.row, now)).map(|one| one.row).collect())
}
