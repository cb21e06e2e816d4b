//! Finding groups, and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use raft_store_core::{Abort, Read, Stored, View};

use super::name::MAX_DEPTH;
use super::record::{
    Group, GroupByExternalId, GroupByName, Groups, GroupsOfUser, MembersByGroup, Membership, Memberships, ROOT,
    Subgroups,
};
use crate::ids::{GroupId, RealmId, UserId};
use crate::text::fold;
use crate::user::{self, Label};

/// One group.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, realm: &RealmId, id: GroupId) -> Result<Option<Stored<Groups>>, Abort> {
    read.get::<Groups>(&(realm.clone(), id))
}

/// The group with this full name, `a/b/c`, each part in any case, width and normal form.
///
/// # Errors
/// When storage fails.
pub fn by_full_name(read: &impl Read, realm: &RealmId, full_name: &str) -> Result<Option<Stored<Groups>>, Abort> {
    let mut found: Option<Stored<Groups>> = None;
    for (depth, leaf) in full_name.split('/').enumerate() {
        if depth == MAX_DEPTH {
            return Ok(None);
        }
        let parent = found.map_or(ROOT, |group| group.key.1);
        found = read.find::<GroupByName>(&(realm.clone(), parent, fold::group_name(leaf)))?;
        if found.is_none() {
            return Ok(None);
        }
    }
    Ok(found)
}

/// A group's full name, `a/b/c`; `None`: there is no such group.
///
/// # Errors
/// When storage fails.
pub fn full_name(read: &impl Read, realm: &RealmId, id: GroupId) -> Result<Option<String>, Abort> {
    Ok(chain(read, realm, id)?.map(|chain| joined(&chain)))
}

/// The group and those above it, itself first; `None`: there is no such group.
pub(super) fn chain(read: &impl Read, realm: &RealmId, id: GroupId) -> Result<Option<Vec<Stored<Groups>>>, Abort> {
    let Some(group) = get(read, realm, id)? else { return Ok(None) };
    let mut parent = group.row.parent();
    let mut chain = vec![group];
    while let Some(id) = parent {
        if chain.len() == MAX_DEPTH {
            return Err(Abort::corrupt("group chain too long"));
        }
        let group = get(read, realm, id)?.ok_or_else(|| Abort::corrupt("group without its parent"))?;
        parent = group.row.parent();
        chain.push(group);
    }
    Ok(Some(chain))
}

/// The full name of a chain that begins at its lowest group.
pub(super) fn joined(chain: &[Stored<Groups>]) -> String {
    let names: Vec<&str> = chain.iter().rev().map(|group| group.row.name.as_str()).collect();
    names.join("/")
}

/// The groups right below one (`None`: those without parent), by folded name.
///
/// # Errors
/// When storage fails.
pub fn subgroups(read: &impl Read, realm: &RealmId, parent: Option<GroupId>) -> Result<Vec<Stored<Groups>>, Abort> {
    read.all::<Subgroups>(&(realm.clone(), parent.unwrap_or(ROOT)))
}

/// The groups with this id at a provisioning client. Unguarded: for listings.
///
/// # Errors
/// When storage fails.
pub fn by_external_id(view: &View<'_>, realm: &RealmId, id: &str) -> Result<Vec<Stored<Groups>>, Abort> {
    view.scan_index::<GroupByExternalId>(&(realm.clone(), id.to_owned()))
}

/// At most `limit` groups of a realm by id, after `after`. Unguarded: for listings.
///
/// # Errors
/// When storage fails.
pub fn list(
    view: &View<'_>,
    realm: &RealmId,
    after: Option<GroupId>,
    limit: usize,
) -> Result<Vec<Stored<Groups>>, Abort> {
    view.scan::<Groups>(realm, after.map(|id| (realm.clone(), id)).as_ref(), limit)
}

/// At most `limit` memberships in a group by user id, after `after`, those that have not begun included. Nobody who is
/// being deleted. Unguarded: for listings.
///
/// # Errors
/// When storage fails.
pub fn members(
    view: &View<'_>,
    realm: &RealmId,
    group: GroupId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Stored<Memberships>>, Abort> {
    let mut out = Vec::new();
    // What is left of a deleted group's rows is of nobody.
    if get(view, realm, group)?.is_none() {
        return Ok(out);
    }
    let mut after = after.map(|user| (realm.clone(), group, user));
    while out.len() < limit {
        let wanted = limit - out.len();
        let page = view.page_index::<MembersByGroup>(&(realm.clone(), group), after.as_ref(), wanted)?;
        let done = page.len() < wanted;
        for member in page {
            let user = member.key.1;
            after = Some((realm.clone(), group, user));
            if user::get(view, realm, user)?.is_some() {
                out.push(member);
            }
        }
        if done {
            break;
        }
    }
    Ok(out)
}

/// Every membership of somebody, those that have not begun or are held up by one above included.
///
/// # Errors
/// When storage fails.
pub fn memberships_of(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<Stored<Memberships>>, Abort> {
    read.all::<GroupsOfUser>(&(realm.clone(), user))
}

/// A group that somebody is in now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOf {
    /// Its id.
    pub id: GroupId,
    /// `a/b/c`.
    pub full_name: String,
    /// Whether tokens carry it only when it is asked for by name.
    pub optional: bool,
    /// Its labels.
    pub labels: Vec<Label>,
}

/// The groups that count for somebody now, by full name: those whose membership has begun and not ended, and that of
/// every group above as well.
///
/// # Errors
/// When storage fails.
pub fn groups_of(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<GroupOf>, Abort> {
    let now = read.now();
    let begun = |membership: &Membership| membership.starts_ms <= now.0;
    let counting: BTreeSet<GroupId> = memberships_of(read, realm, user)?
        .into_iter()
        .filter(|membership| begun(&membership.row))
        .map(|membership| membership.key.2)
        .collect();
    let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
    for id in &counting {
        if let Some(group) = get(read, realm, *id)? {
            groups.insert(*id, group.row);
        }
    }
    let mut out = Vec::new();
    for (id, group) in &groups {
        if let Some(full_name) = counted_name(&groups, *id) {
            let labels = group.labels.clone();
            out.push(GroupOf { id: *id, full_name, optional: group.is_optional(), labels });
        }
    }
    out.sort_by(|one, other| one.full_name.cmp(&other.full_name));
    Ok(out)
}

/// The full name, if every group above counts as well.
fn counted_name(groups: &BTreeMap<GroupId, Group>, id: GroupId) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        let group = groups.get(&id)?;
        if names.len() == MAX_DEPTH {
            return None;
        }
        names.push(&group.name);
        next = group.parent();
    }
    names.reverse();
    Some(names.join("/"))
}
