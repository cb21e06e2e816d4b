//! Whether somebody may act, until when, and with which authority.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::{Value, json};

use super::record::{Status, User, UserNotBefore, Users};
use super::{administrators, lookup, update};
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::{Decided, refuse};

/// Why somebody's standing was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// The realm would be without an administrator.
    #[error("the realm would be without an administrator")]
    LastAdministrator,
}

/// What somebody may do in their realm beyond being in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// INDIGO's `ROLE_ADMIN`.
    Administrator,
    /// INDIGO's `ROLE_READER`.
    Reader,
}

/// Suspends or restores somebody. Suspension ends every session, refresh family and token of theirs, on every replica
/// once this is committed; restoring revives none.
///
/// # Errors
/// Inner: see [`StatusError`]; nothing is written then.
pub fn set_status(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    active: bool,
    actor: &Actor,
) -> Decided<Stored<Users>, StatusError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(StatusError::NotFound) };
    let wanted = if active { Status::Active } else { Status::Suspended };
    if stored.row.status()? == wanted {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    if !active && administrators::is_last(tx, realm, &stored)? {
        return refuse(StatusError::LastAdministrator);
    }
    let mut row = stored.row;
    change(tx, realm, id, &mut row, wanted, actor)?;
    written(tx, stored.key, row)
}

/// Changes the status in a record that is written afterwards.
pub(super) fn change(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    row: &mut User,
    wanted: Status,
    actor: &Actor,
) -> Result<(), Abort> {
    row.status = wanted.stored();
    row.status_changed_ms = tx.now().0;
    if wanted != Status::Active {
        tx.touch::<UserNotBefore>(&(realm.clone(), id));
    }
    let what = match wanted {
        Status::Active => "user.restore",
        Status::Suspended => "user.suspend",
        Status::Deleting => "user.delete",
    };
    event::record(tx, realm, what, &id.to_string(), Value::Null, actor)
}

/// Sets when the account ends, cluster time in ms; `None`: never. An end that has passed acts as a suspension: putting
/// it off revives nothing that was issued before.
///
/// # Errors
/// Inner: see [`StatusError`]; nothing is written then.
pub fn set_end_time(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    end_ms: Option<u64>,
    actor: &Actor,
) -> Decided<Stored<Users>, StatusError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(StatusError::NotFound) };
    // Zero is "never" in the record: an end at the epoch has passed as much as one a millisecond later.
    let end_time_ms = end_ms.map_or(0, |end| end.max(1));
    if stored.row.end_time_ms == end_time_ms {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    let earlier = end_time_ms != 0 && (stored.row.end_time_ms == 0 || end_time_ms < stored.row.end_time_ms);
    if earlier && administrators::is_last(tx, realm, &stored)? {
        return refuse(StatusError::LastAdministrator);
    }
    let had_ended = lookup::has_ended(&stored.row, tx.now());
    let mut row = stored.row;
    row.end_time_ms = end_time_ms;
    if had_ended || lookup::has_ended(&row, tx.now()) {
        tx.touch::<UserNotBefore>(&stored.key);
    }
    event::record(tx, realm, "user.set_end_time", &id.to_string(), json!({ "end_time_ms": end_ms }), actor)?;
    written(tx, stored.key, row)
}

/// Grants an authority or withdraws it. Withdrawing ends every session, refresh family and token of theirs: nothing
/// given under an authority outlives it.
///
/// # Errors
/// Inner: see [`StatusError`]; nothing is written then.
pub fn set_authority(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    authority: Authority,
    granted: bool,
    actor: &Actor,
) -> Decided<Stored<Users>, StatusError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(StatusError::NotFound) };
    let mut row = stored.row.clone();
    let (held, name) = match authority {
        Authority::Administrator => (&mut row.administrator, "ROLE_ADMIN"),
        Authority::Reader => (&mut row.reader, "ROLE_READER"),
    };
    if *held == granted {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    *held = granted;
    if !granted {
        if authority == Authority::Administrator && administrators::is_last(tx, realm, &stored)? {
            return refuse(StatusError::LastAdministrator);
        }
        tx.touch::<UserNotBefore>(&stored.key);
    }
    let what = if granted { "user.grant_authority" } else { "user.withdraw_authority" };
    event::record(tx, realm, what, &id.to_string(), json!({ "authority": name }), actor)?;
    written(tx, stored.key, row)
}

fn written(tx: &mut Tx<'_>, key: (RealmId, UserId), row: User) -> Decided<Stored<Users>, StatusError> {
    match update::write(tx, key, row)? {
        Some(stored) => Ok(Outcome::Commit(Ok(stored))),
        // Neither name nor identity changed, so that nothing can be taken.
        None => Err(Abort::corrupt("user index")),
    }
}
