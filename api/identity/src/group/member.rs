//! Joining and leaving. Joining closes upward, leaving downward.

use std::collections::BTreeMap;

use raft_store_core::{Abort, Outcome, Read, Stored, Timestamp, Tx};
use serde_json::json;

use super::lookup::{chain, memberships_of};
use super::record::{Groups, Membership, Memberships};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId, UserId};
use crate::user::{self, Provenance};
use crate::{Decided, refuse};

/// Groups that one person may be in: leaving a group leaves all below it in one transaction, three mutations each of
/// the 512 it may hold; and they travel in tokens.
pub const MAX_MEMBERSHIPS: usize = 160;

/// When a membership counts, cluster time in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// From when on; zero: at once.
    pub starts_ms: u64,
    /// Until when; zero: for ever.
    pub ends_ms: u64,
}

impl Span {
    /// At once and for ever.
    pub const ALWAYS: Self = Self { starts_ms: 0, ends_ms: 0 };

    fn of(row: &Membership) -> Self {
        Self { starts_ms: row.starts_ms, ends_ms: row.ends_ms }
    }

    /// The time that lies in both.
    fn within(self, other: Self) -> Self {
        let ends_ms = match (self.ends_ms, other.ends_ms) {
            (0, end) | (end, 0) => end,
            (one, other) => one.min(other),
        };
        Self { starts_ms: self.starts_ms.max(other.starts_ms), ends_ms }
    }

    /// Whether it holds any time after `now`.
    fn is_possible(self, now: Timestamp) -> bool {
        self.ends_ms == 0 || (self.ends_ms > now.0 && self.ends_ms > self.starts_ms)
    }
}

/// Why somebody did not join or leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// There is no such group.
    #[error("no such group")]
    NoSuchGroup,
    /// There is no such user.
    #[error("no such user")]
    NoSuchUser,
    /// They would be in more than [`MAX_MEMBERSHIPS`] groups.
    #[error("a person may be in at most {MAX_MEMBERSHIPS} groups")]
    TooMany,
    /// It ends before it begins, or has ended, or the membership above ends before it would begin.
    #[error("the membership would never count")]
    Span,
}

/// Puts somebody into a group and into those above it.
///
/// With `span`, a membership that is there is changed to it. It never reaches beyond that of a group above, and those
/// of the groups below are cut to it, so that whoever is in a group is in those above it at any time. Without `span`,
/// a new one counts at once and as long as the one above, and one that is there stays as it is.
///
/// # Errors
/// Inner: see [`MemberError`]; nothing is written then.
pub fn add_member(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    group: GroupId,
    span: Option<Span>,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Memberships>, MemberError> {
    if user::get(tx, realm, user)?.is_none() {
        return refuse(MemberError::NoSuchUser);
    }
    let Some(chain) = chain(tx, realm, group)? else { return refuse(MemberError::NoSuchGroup) };
    let mut theirs: BTreeMap<GroupId, Stored<Memberships>> =
        memberships_of(tx, realm, user)?.into_iter().map(|stored| (stored.key.2, stored)).collect();
    if let (Some(stored), None) = (theirs.get(&group), span) {
        return Ok(Outcome::Answer(Ok(stored.clone())));
    }
    let now = tx.now();
    let new = chain.iter().filter(|group| !theirs.contains_key(&group.key.1)).count();
    if theirs.len() + new > MAX_MEMBERSHIPS {
        return refuse(MemberError::TooMany);
    }
    // From the top down: each lies within the one above.
    let mut allowed = Span::ALWAYS;
    let mut changes: Vec<(GroupId, Membership)> = Vec::new();
    for one in chain.iter().rev() {
        let id = one.key.1;
        let known = theirs.get(&id).map(|stored| stored.row.clone());
        let wanted = match &known {
            Some(row) if id != group => Span::of(row),
            _ => span.unwrap_or_default().within(allowed),
        };
        if !wanted.is_possible(now) {
            return refuse(MemberError::Span);
        }
        allowed = wanted;
        let row = spanned(known.as_ref(), wanted, now, provenance);
        if known.as_ref() != Some(&row) {
            changes.push((id, row));
        }
    }
    if changes.is_empty() {
        let stored = theirs.remove(&group).ok_or_else(|| Abort::corrupt("membership"))?;
        return Ok(Outcome::Answer(Ok(stored)));
    }
    cut_below(tx, realm, group, allowed, &theirs, &mut changes)?;
    for (id, row) in changes {
        write(tx, realm, user, id, &row, now)?;
    }
    let changes = json!({
        "user": user.to_string(),
        "starts_ms": allowed.starts_ms,
        "ends_ms": allowed.ends_ms,
    });
    event::record(tx, realm, "group.add_member", &group.to_string(), changes, actor)?;
    let at = (realm.clone(), user, group);
    let stored = tx.get::<Memberships>(&at)?.ok_or_else(|| Abort::corrupt("membership"))?;
    Ok(Outcome::Commit(Ok(stored)))
}

/// The row of a membership with this span.
fn spanned(known: Option<&Membership>, span: Span, now: Timestamp, provenance: Provenance) -> Membership {
    let fresh = || Membership { created_ms: now.0, provenance: provenance.stored(), ..Membership::default() };
    Membership { starts_ms: span.starts_ms, ends_ms: span.ends_ms, ..known.cloned().unwrap_or_else(fresh) }
}

/// Cuts the memberships of the groups below to the span of this one.
fn cut_below(
    tx: &Tx<'_>,
    realm: &RealmId,
    group: GroupId,
    allowed: Span,
    theirs: &BTreeMap<GroupId, Stored<Memberships>>,
    changes: &mut Vec<(GroupId, Membership)>,
) -> Result<(), Abort> {
    for (id, stored) in theirs {
        let old = Span::of(&stored.row);
        let cut = old.within(allowed);
        if *id != group && cut != old && is_below(tx, realm, *id, group)? {
            changes.push((*id, Membership { starts_ms: cut.starts_ms, ends_ms: cut.ends_ms, ..stored.row.clone() }));
        }
    }
    Ok(())
}

/// Writes a membership, or removes one that would never count.
fn write(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    group: GroupId,
    row: &Membership,
    now: Timestamp,
) -> Result<(), Abort> {
    let at = (realm.clone(), user, group);
    if Span::of(row).is_possible(now) {
        // The table has no unique index, so there is nothing that could be taken.
        let _ = tx.put::<Memberships>(at, row.clone())?;
    } else {
        tx.delete::<Memberships>(&at)?;
    }
    Ok(())
}

fn is_below(tx: &Tx<'_>, realm: &RealmId, id: GroupId, group: GroupId) -> Result<bool, Abort> {
    let above: Vec<Stored<Groups>> = chain(tx, realm, id)?.unwrap_or_default();
    Ok(above.iter().skip(1).any(|one| one.key.1 == group))
}

/// Takes somebody out of a group and out of those below it; nothing happens if they are in none.
///
/// # Errors
/// Inner: see [`MemberError`]; nothing is written then.
pub fn remove_member(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    group: GroupId,
    actor: &Actor,
) -> Decided<(), MemberError> {
    if user::get(tx, realm, user)?.is_none() {
        return refuse(MemberError::NoSuchUser);
    }
    if super::get(tx, realm, group)?.is_none() {
        return refuse(MemberError::NoSuchGroup);
    }
    let mut left = Vec::new();
    for stored in memberships_of(tx, realm, user)? {
        let id = stored.key.2;
        if id == group || is_below(tx, realm, id, group)? {
            tx.delete::<Memberships>(&stored.key)?;
            left.push(id.to_string());
        }
    }
    if left.is_empty() {
        return Ok(Outcome::Answer(Ok(())));
    }
    let changes = json!({ "user": user.to_string(), "left": left });
    event::record(tx, realm, "group.remove_member", &group.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(())))
}
