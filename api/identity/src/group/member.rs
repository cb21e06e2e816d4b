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

/// What joining writes of one person.
pub(super) struct Joining {
    /// The memberships that change; those that would never count any more go.
    changes: Vec<(GroupId, Membership)>,
    /// When the membership counts.
    span: Span,
}

impl Joining {
    /// How many memberships change.
    pub(super) const fn len(&self) -> usize {
        self.changes.len()
    }

    /// Writes it; `group` is the one that is joined.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        realm: &RealmId,
        user: UserId,
        group: GroupId,
        actor: &Actor,
    ) -> Result<(), Abort> {
        let now = tx.now();
        for (id, row) in &self.changes {
            write(tx, realm, user, *id, row, now)?;
        }
        let changes = json!({
            "user": user.to_string(),
            "starts_ms": self.span.starts_ms,
            "ends_ms": self.span.ends_ms,
        });
        event::record(tx, realm, "group.add_member", &group.to_string(), changes, actor)
    }
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
    let at = (realm.clone(), user, group);
    if span.is_none()
        && let Some(stored) = tx.get::<Memberships>(&at)?
    {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    let is_below = |id| is_below(tx, realm, id, group);
    let joining = match joining(tx, realm, user, &chain, span.unwrap_or_default(), provenance, is_below)? {
        Ok(joining) => joining,
        Err(error) => return refuse(error),
    };
    let changed = joining.len() > 0;
    if changed {
        joining.write(tx, realm, user, group, actor)?;
    }
    let stored = tx.get::<Memberships>(&at)?.ok_or_else(|| Abort::corrupt("membership"))?;
    Ok(if changed { Outcome::Commit(Ok(stored)) } else { Outcome::Answer(Ok(stored)) })
}

/// What changes when somebody joins the first group of a chain for a span. `is_below` says of their other groups
/// whether they are below it.
pub(super) fn joining(
    tx: &Tx<'_>,
    realm: &RealmId,
    user: UserId,
    chain: &[Stored<Groups>],
    span: Span,
    provenance: Provenance,
    is_below: impl Fn(GroupId) -> Result<bool, Abort>,
) -> Result<Result<Joining, MemberError>, Abort> {
    let theirs: BTreeMap<GroupId, Membership> =
        memberships_of(tx, realm, user)?.into_iter().map(|stored| (stored.key.2, stored.row)).collect();
    let now = tx.now();
    let new = chain.iter().filter(|group| !theirs.contains_key(&group.key.1)).count();
    if theirs.len() + new > MAX_MEMBERSHIPS {
        return Ok(Err(MemberError::TooMany));
    }
    // From the top down: each lies within the one above.
    let mut allowed = Span::ALWAYS;
    let mut changes: Vec<(GroupId, Membership)> = Vec::new();
    for (height, one) in chain.iter().enumerate().rev() {
        let id = one.key.1;
        let known = theirs.get(&id);
        let wanted = match known {
            Some(row) if height > 0 => Span::of(row),
            _ => span.within(allowed),
        };
        if !wanted.is_possible(now) {
            return Ok(Err(MemberError::Span));
        }
        allowed = wanted;
        let row = spanned(known, wanted, now, provenance);
        if known != Some(&row) {
            changes.push((id, row));
        }
    }
    if !changes.is_empty() {
        // The groups below are cut to the span of this one.
        for (id, row) in theirs.iter().filter(|(id, _)| chain.iter().all(|one| one.key.1 != **id)) {
            let cut = Span::of(row).within(allowed);
            if cut != Span::of(row) && is_below(*id)? {
                changes.push((*id, Membership { starts_ms: cut.starts_ms, ends_ms: cut.ends_ms, ..row.clone() }));
            }
        }
    }
    Ok(Ok(Joining { changes, span: allowed }))
}

/// The row of a membership with this span.
fn spanned(known: Option<&Membership>, span: Span, now: Timestamp, provenance: Provenance) -> Membership {
    let fresh = || Membership { created_ms: now.0, provenance: provenance.stored(), ..Membership::default() };
    Membership { starts_ms: span.starts_ms, ends_ms: span.ends_ms, ..known.cloned().unwrap_or_else(fresh) }
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
