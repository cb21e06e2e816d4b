//! Moving a group, with all below it, to another place in the tree.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::lookup::{chain, get, joined};
use super::member::{MemberError, Span, add_member};
use super::name::{MAX_DEPTH, MAX_FULL_NAME};
use super::record::{Groups, MembersOfGroup, Membership, Memberships, Subgroups};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId, UserId};
use crate::user::{self, Provenance};
use crate::{Decided, refuse};

/// Members of a group that is moved: each is put into every group above, some dozen guards and mutations of the 512
/// that a transaction may hold, or a hundred for somebody in many groups.
pub const MAX_MOVED_MEMBERS: usize = 20;
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
    let above = match parent {
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
    if let Err(error) = fits(tx, realm, &stored, above.len(), length)? {
        return refuse(error);
    }
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
    for (user, row) in members {
        let span = Span { starts_ms: row.starts_ms, ends_ms: row.ends_ms };
        let provenance = Provenance::from_stored(row.provenance)?;
        let joined = add_member(tx, realm, user, id, Some(span), provenance, actor)?;
        if let Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) = joined {
            return refuse(MoveGroupError::Member(error));
        }
    }
    Ok(Outcome::Commit(Ok(Stored { key: stored.key, row, revision: Revision(0) })))
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

/// Whether a group and those below it may be `depth` groups deep, behind `length` characters of name.
fn fits(
    tx: &Tx<'_>,
    realm: &RealmId,
    group: &Stored<Groups>,
    depth: usize,
    length: usize,
) -> Result<Result<(), MoveGroupError>, Abort> {
    let mut rest = vec![(group.key.1, depth + 1, length + group.row.name.chars().count())];
    let mut tried = 0;
    while let Some((id, depth, length)) = rest.pop() {
        if depth > MAX_DEPTH {
            return Ok(Err(MoveGroupError::TooDeep));
        }
        if length > MAX_FULL_NAME {
            return Ok(Err(MoveGroupError::NameTooLong));
        }
        for below in tx.all::<Subgroups>(&(realm.clone(), id))? {
            tried += 1;
            if tried > MAX_TRIED {
                return Ok(Err(MoveGroupError::TooManyBelow));
            }
            rest.push((below.key.1, depth + 1, length + 1 + below.row.name.chars().count()));
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::super::{NewGroup, create, memberships_of};
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
        let user = UserId([7; 16]);
        let fields = UserPatch { user_name: Some("anna".into()), ..UserPatch::default() };
        let new = NewUser { id: user, fields, provenance: Provenance::Administrator };
        let realm = world.realm();
        world.decided(|tx| user::create(tx, &realm, &new, None, &actor())).unwrap();
        let span = Some(Span { starts_ms: 0, ends_ms: START.0 + 5_000 });
        world
            .decided(|tx| add_member(tx, &vo(), user, GroupId([2; 16]), span, Provenance::Administrator, &actor()))
            .unwrap();
        moved(&world, 2, Some(1)).unwrap();
        let theirs = world.store.look(|view| memberships_of(view, &vo(), user)).unwrap();
        let ends: Vec<(GroupId, u64)> = theirs.iter().map(|one| (one.key.2, one.row.ends_ms)).collect();
        assert_eq!(ends, [(GroupId([1; 16]), START.0 + 5_000), (GroupId([2; 16]), START.0 + 5_000)]);
    }
}
