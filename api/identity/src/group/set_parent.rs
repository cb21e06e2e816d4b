//! Moving a group, with all below it, to another place in the tree.

use std::collections::BTreeSet;

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::lookup::{chain, get, joined};
use super::member::{Joining, MemberError, Span, joining};
use super::name::{MAX_DEPTH, MAX_FULL_NAME};
use super::record::{Groups, MembersOfGroup, Membership, Memberships, Subgroups};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId, UserId};
use crate::user::{self, Provenance};
use crate::{Decided, refuse};

/// Members of a group that is moved: what each of them is in is read, two guards of the 512 that a transaction may hold.
pub const MAX_MOVED_MEMBERS: usize = 20;
/// Memberships that a move may write, in the groups above and below: with its index entry and the epoch of its group
/// each is three mutations at most of the 512 that a transaction may hold.
pub const MAX_MOVED_MEMBERSHIPS: usize = 160;
/// Groups below one that the new place is tried on: each is a guard.
const MAX_TRIED: usize = 100;

/// Why a group was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveGroupError {
    /// There is no such group.
    #[error("no such group")]
    NotFound,
    /// There is no such parent.
    #[error("no such parent group")]
    NoSuchParent,
    /// It would be below itself.
    #[error("a group can't be below itself")]
    Cycle,
    /// A group there has its name.
    #[error("a group with this name exists there")]
    NameTaken,
    /// More than [`MAX_DEPTH`] groups in a chain.
    #[error("more than {MAX_DEPTH} groups in a chain")]
    TooDeep,
    /// A full name would have more than [`MAX_FULL_NAME`] characters.
    #[error("a full name would have more than {MAX_FULL_NAME} characters")]
    NameTooLong,
    /// There are more than can be looked at in one transaction.
    #[error("a group with more than {MAX_TRIED} groups below it can't be moved")]
    TooManyBelow,
    /// There are more than can be put into the groups above in one transaction.
    #[error("a group with more than {MAX_MOVED_MEMBERS} members can't be moved")]
    TooManyMembers,
    /// There are more memberships to be written than one transaction may hold.
    #[error("a move that would change more than {MAX_MOVED_MEMBERSHIPS} memberships is not possible")]
    TooManyMemberships,
    /// A member can't be in the groups above.
    #[error("a member can't be in the groups above: {0}")]
    Member(MemberError),
}

/// Moves a group below `parent` (`None`: to the root). Its members join the groups above, and their memberships never
/// reach beyond those there; the groups that it was below keep them.
///
/// # Errors
/// Inner: see [`MoveGroupError`]; nothing may be written then.
pub fn set_parent(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: GroupId,
    parent: Option<GroupId>,
    actor: &Actor,
) -> Decided<Stored<Groups>, MoveGroupError> {
    let Some(stored) = get(tx, realm, id)? else { return refuse(MoveGroupError::NotFound) };
    if stored.row.parent() == parent {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    let mut above = match parent {
        None => Vec::new(),
        Some(parent) => match chain(tx, realm, parent)? {
            Some(above) => above,
            None => return refuse(MoveGroupError::NoSuchParent),
        },
    };
    if above.iter().any(|group| group.key.1 == id) {
        return refuse(MoveGroupError::Cycle);
    }
    let length = if above.is_empty() { 0 } else { joined(&above).chars().count() + 1 };
    let below = match fits(tx, realm, &stored, above.len(), length)? {
        Ok(below) => below,
        Err(error) => return refuse(error),
    };
    let Some(members) = members(tx, realm, id)? else { return refuse(MoveGroupError::TooManyMembers) };
    let mut row = stored.row.clone();
    row.parent = parent.map(|parent| parent.0.to_vec()).unwrap_or_default();
    row.modified_ms = tx.now().0;
    // Of the unique indexes there is only the name's.
    if tx.put::<Groups>(stored.key.clone(), row.clone())?.is_err() {
        return refuse(MoveGroupError::NameTaken);
    }
    let changes = json!({
        "parent": parent.map(|parent| parent.to_string()),
        "before": stored.row.parent().map(|parent| parent.to_string()),
    });
    event::record(tx, realm, "group.move", &id.to_string(), changes, actor)?;
    let moved = Stored { key: stored.key, row, revision: Revision(0) };
    above.insert(0, moved.clone());
    match joinings(tx, realm, &above, &below, members)? {
        Ok(joinings) => {
            for (user, joining) in joinings {
                joining.write(tx, realm, user, id, actor)?;
            }
            Ok(Outcome::Commit(Ok(moved)))
        }
        Err(error) => refuse(error),
    }
}

/// What changes of the members of a chain's first group, in the groups above it and in those below.
fn joinings(
    tx: &Tx<'_>,
    realm: &RealmId,
    chain: &[Stored<Groups>],
    below: &BTreeSet<GroupId>,
    members: Vec<(UserId, Membership)>,
) -> Result<Result<Vec<(UserId, Joining)>, MoveGroupError>, Abort> {
    let mut out = Vec::new();
    let mut writes = 0;
    for (user, row) in members {
        let span = Span { starts_ms: row.starts_ms, ends_ms: row.ends_ms };
        let provenance = Provenance::from_stored(row.provenance)?;
        match joining(tx, realm, user, chain, span, provenance, |id| Ok(below.contains(&id)))? {
            Ok(joining) if joining.len() == 0 => {}
            Ok(joining) => {
                writes += joining.len();
                out.push((user, joining));
            }
            Err(error) => return Ok(Err(MoveGroupError::Member(error))),
        }
    }
    Ok(if writes > MAX_MOVED_MEMBERSHIPS { Err(MoveGroupError::TooManyMemberships) } else { Ok(out) })
}

/// The members, unless there are too many. Not those who are being deleted.
fn members(tx: &Tx<'_>, realm: &RealmId, id: GroupId) -> Result<Option<Vec<(UserId, Membership)>>, Abort> {
    let all: Vec<Stored<Memberships>> = tx.all::<MembersOfGroup>(&(realm.clone(), id))?;
    if all.len() > MAX_MOVED_MEMBERS {
        return Ok(None);
    }
    let mut out = Vec::new();
    for member in all {
        if user::get(tx, realm, member.key.1)?.is_some() {
            out.push((member.key.1, member.row));
        }
    }
    Ok(Some(out))
}

/// Whether a group and those below it may be `depth` groups deep, behind `length` characters of name. Answers those
/// below it.
fn fits(
    tx: &Tx<'_>,
    realm: &RealmId,
    group: &Stored<Groups>,
    depth: usize,
    length: usize,
) -> Result<Result<BTreeSet<GroupId>, MoveGroupError>, Abort> {
    let mut found = BTreeSet::new();
    let mut rest = vec![(group.key.1, depth + 1, length + group.row.name.chars().count())];
    while let Some((id, depth, length)) = rest.pop() {
        if depth > MAX_DEPTH {
            return Ok(Err(MoveGroupError::TooDeep));
        }
        if length > MAX_FULL_NAME {
            return Ok(Err(MoveGroupError::NameTooLong));
        }
        for below in tx.all::<Subgroups>(&(realm.clone(), id))? {
            found.insert(below.key.1);
            if found.len() > MAX_TRIED {
                return Ok(Err(MoveGroupError::TooManyBelow));
            }
            rest.push((below.key.1, depth + 1, length + 1 + below.row.name.chars().count()));
        }
    }
    Ok(Ok(found))
}

#[cfg(test)]
mod tests {
    use super::super::{NewGroup, add_member, create, memberships_of};
    use super::*;
    use crate::testing::{START, World, actor, vo};
    use crate::user::{NewUser, UserPatch};

    fn group(world: &World, n: u8, name: &str, parent: Option<u8>) {
        let new = NewGroup {
            id: GroupId([n; 16]),
            name: name.into(),
            parent: parent.map(|n| GroupId([n; 16])),
            description: String::new(),
            labels: Vec::new(),
            external_id: String::new(),
        };
        world.decided(|tx| create(tx, &vo(), &new, &actor())).unwrap();
    }

    fn moved(world: &World, n: u8, parent: Option<u8>) -> Result<(), MoveGroupError> {
        let parent = parent.map(|n| GroupId([n; 16]));
        world.decided(|tx| set_parent(tx, &vo(), GroupId([n; 16]), parent, &actor())).map(|_| ())
    }

    fn person(world: &World, n: u8) -> UserId {
        let fields = UserPatch { user_name: Some(format!("person{n}")), ..UserPatch::default() };
        let new = NewUser { id: UserId([n; 16]), fields, provenance: Provenance::Administrator };
        let realm = world.realm();
        world.decided(|tx| user::create(tx, &realm, &new, None, &actor())).unwrap();
        new.id
    }

    fn member(world: &World, user: UserId, n: u8, span: Span) {
        let (group, by) = (GroupId([n; 16]), Provenance::Administrator);
        world.decided(|tx| add_member(tx, &vo(), user, group, Some(span), by, &actor())).unwrap();
    }

    #[test]
    fn a_group_moves_to_where_it_fits() {
        let world = World::new();
        group(&world, 1, "a", None);
        group(&world, 2, "b", Some(1));
        group(&world, 3, "b", None);
        assert_eq!(moved(&world, 1, Some(2)), Err(MoveGroupError::Cycle));
        assert_eq!(moved(&world, 1, Some(1)), Err(MoveGroupError::Cycle));
        assert_eq!(moved(&world, 1, Some(9)), Err(MoveGroupError::NoSuchParent));
        assert_eq!(moved(&world, 9, None), Err(MoveGroupError::NotFound));
        assert_eq!(moved(&world, 2, None), Err(MoveGroupError::NameTaken));
        assert_eq!(moved(&world, 2, Some(3)), Ok(()));
        assert_eq!(moved(&world, 2, Some(3)), Ok(()), "it is there already");
        let long = "x".repeat(200);
        for (n, parent) in [(10, None), (11, Some(10)), (12, Some(1))] {
            group(&world, n, &long, parent);
        }
        assert_eq!(moved(&world, 12, Some(11)), Err(MoveGroupError::NameTooLong));
        for n in 20..36 {
            group(&world, n, "d", (n > 20).then(|| n - 1));
        }
        assert_eq!(moved(&world, 3, Some(34)), Err(MoveGroupError::TooDeep));
    }

    #[test]
    fn members_join_the_groups_above_for_as_long_as_they_are_in() {
        let world = World::new();
        group(&world, 1, "a", None);
        group(&world, 2, "b", None);
        let user = person(&world, 7);
        member(&world, user, 2, Span { starts_ms: 0, ends_ms: START.0 + 5_000 });
        moved(&world, 2, Some(1)).unwrap();
        let theirs = world.store.look(|view| memberships_of(view, &vo(), user)).unwrap();
        let ends: Vec<(GroupId, u64)> = theirs.iter().map(|one| (one.key.2, one.row.ends_ms)).collect();
        assert_eq!(ends, [(GroupId([1; 16]), START.0 + 5_000), (GroupId([2; 16]), START.0 + 5_000)]);
    }

    /// A move is refused by its own error before it exceeds a transaction, and what is not refused is done.
    #[test]
    fn a_move_that_would_not_fit_into_a_transaction_is_refused() {
        let members = MAX_MOVED_MEMBERS;
        let depth = MAX_MOVED_MEMBERSHIPS / members;
        for below in [0, MAX_TRIED] {
            let world = World::new();
            for n in 1..=15 {
                group(&world, n, &format!("g{n}"), (n > 1).then(|| n - 1));
            }
            group(&world, 100, "moved", None);
            for n in 0..below {
                group(&world, u8::try_from(101 + n).unwrap(), &format!("g{n}"), Some(100));
            }
            for n in 0..members {
                let n = u8::try_from(n).unwrap();
                member(&world, person(&world, n), 100, Span { starts_ms: u64::from(n), ends_ms: 0 });
            }
            let before = world.revision();
            for deep in [depth + 1, MAX_DEPTH - 2] {
                let parent = Some(u8::try_from(deep).unwrap());
                assert_eq!(moved(&world, 100, parent), Err(MoveGroupError::TooManyMemberships), "{deep}");
            }
            assert_eq!(world.revision(), before);
            assert_eq!(moved(&world, 100, Some(u8::try_from(depth).unwrap())), Ok(()));
            let theirs = world.store.look(|view| memberships_of(view, &vo(), UserId([1; 16]))).unwrap();
            assert_eq!(theirs.len(), depth + 1);
            member(&world, person(&world, 99), 100, Span::ALWAYS);
            assert_eq!(moved(&world, 100, None), Err(MoveGroupError::TooManyMembers));
        }
    }

    /// Each membership that is cut is of another group: as many mutations as there can be.
    #[test]
    fn what_a_move_cuts_below_counts_as_well() {
        let ends = Span { starts_ms: 0, ends_ms: START.0 + 9_000 };
        for (groups, outcome) in [(79, Ok(())), (80, Err(MoveGroupError::TooManyMemberships))] {
            let world = World::new();
            group(&world, 1, "above", None);
            group(&world, 100, "moved", None);
            for n in 1..=groups {
                group(&world, 100 + n, &format!("g{n}"), Some(100));
            }
            for user in [person(&world, 1), person(&world, 2)] {
                member(&world, user, 1, ends);
                for n in 1..=groups {
                    member(&world, user, 100 + n, Span::ALWAYS);
                }
            }
            assert_eq!(moved(&world, 100, Some(1)), outcome, "{groups}");
            let theirs = world.store.look(|view| memberships_of(view, &vo(), UserId([2; 16]))).unwrap();
            let cut = theirs.iter().filter(|one| one.row.ends_ms == ends.ends_ms).count();
            assert_eq!(cut, if outcome.is_ok() { usize::from(groups) + 2 } else { 1 });
        }
    }
}
