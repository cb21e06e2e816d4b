//! Deleting a group with everybody in it: one write, and a job that removes their memberships (store.md 4).

use raft_store_core::{Abort, Outcome, Read, Table, TableId, Tx, View};
use serde_json::json;

use super::delete::DeleteGroupError;
use super::lookup::get;
use super::record::{GroupManagers, Groups, ManagersOfGroup, MembersOfGroup, Memberships, Subgroups};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId};
use crate::user::Purge;
use crate::{Decided, refuse, tables};

/// Memberships that one step removes: each is four mutations of the 512 that a transaction may hold.
const STEP: usize = 100;

/// Groups that are deleted while memberships in them are left. Those read as absent: their group is.
pub struct GroupRemains;

/// What is kept: since when.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Remains {
    /// Cluster time in ms.
    #[prost(uint64, tag = "1")]
    pub deleted_ms: u64,
}

impl Table for GroupRemains {
    type Key = (RealmId, GroupId);
    type Row = Remains;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::GROUP_REMAINS;
    const NAME: &'static str = "group remains";
}

/// Deletes a group without subgroups, whoever is in it. From the commit on nobody is, and its name is free. The
/// memberships' rows are [`remove_step`]'s.
///
/// # Errors
/// Inner: see [`DeleteGroupError`]; nothing is written then.
pub fn delete_with_members(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: GroupId,
    actor: &Actor,
) -> Decided<(), DeleteGroupError> {
    let Some(stored) = get(tx, realm, id)? else { return refuse(DeleteGroupError::NotFound) };
    let at = (realm.clone(), id);
    if !tx.all::<Subgroups>(&at)?.is_empty() {
        return refuse(DeleteGroupError::NotEmpty);
    }
    for manager in tx.all::<ManagersOfGroup>(&at)? {
        tx.delete::<GroupManagers>(&manager.key)?;
    }
    tx.delete::<Groups>(&at)?;
    if !tx.all::<MembersOfGroup>(&at)?.is_empty() {
        // Never taken: the table has no unique index.
        let _ = tx.put::<GroupRemains>(at, Remains { deleted_ms: tx.now().0 })?;
    }
    event::record(tx, realm, "group.delete", &id.to_string(), json!({ "name": stored.row.name }), actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Removes some of what is left of a deleted group. May run twice, or at two nodes.
///
/// # Errors
/// When storage fails.
pub fn remove_step(tx: &mut Tx<'_>, realm: &RealmId, id: GroupId) -> Result<Outcome<Purge>, Abort> {
    let at = (realm.clone(), id);
    if tx.get::<GroupRemains>(&at)?.is_none() {
        return Ok(Outcome::Answer(Purge::Done));
    }
    let left = tx.all::<MembersOfGroup>(&at)?;
    for stored in left.iter().take(STEP) {
        tx.delete::<Memberships>(&stored.key)?;
    }
    if left.len() > STEP {
        return Ok(Outcome::Commit(Purge::More));
    }
    tx.delete::<GroupRemains>(&at)?;
    Ok(Outcome::Commit(Purge::Done))
}

/// Every deleted group, in all realms, of which something is left; at most `limit`.
///
/// # Errors
/// When storage fails.
pub fn being_removed(view: &View<'_>, limit: usize) -> Result<Vec<(RealmId, GroupId)>, Abort> {
    let mut out = Vec::new();
    for realm in crate::realm::list(view)? {
        let left = limit.saturating_sub(out.len());
        out.extend(view.scan::<GroupRemains>(&realm.key, None, left)?.into_iter().map(|stored| stored.key));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_MANAGERS, NewGroup, add_manager, add_member, create, groups_of, memberships_of};
    use super::*;
    use crate::ids::UserId;
    use crate::testing::{World, actor, vo};
    use crate::user::{self, NewUser, Provenance, UserPatch};

    const GROUP: GroupId = GroupId([7; 16]);

    fn group(world: &World, id: GroupId) -> Result<(), super::super::CreateGroupError> {
        let new = NewGroup {
            id,
            name: "physics".to_owned(),
            parent: None,
            description: String::new(),
            labels: Vec::new(),
            external_id: String::new(),
        };
        world.decided(|tx| create(tx, &vo(), &new, &actor())).map(drop)
    }

    #[test]
    fn a_group_of_many_is_gone_at_once_and_its_remains_go_in_steps_wherever_they_are_taken() {
        let world = World::new();
        group(&world, GROUP).unwrap();
        let people: Vec<UserId> = (0..250_u8).map(|n| UserId([n; 16])).collect();
        for (n, id) in people.iter().enumerate() {
            let fields = UserPatch { user_name: Some(format!("person{n}")), ..UserPatch::default() };
            let new = NewUser { id: *id, fields, provenance: Provenance::Administrator };
            let realm = world.realm();
            world.decided(|tx| user::create(tx, &realm, &new, None, &actor())).unwrap();
            let by = Provenance::Administrator;
            world.decided(|tx| add_member(tx, &vo(), *id, GROUP, None, by, &actor())).unwrap();
            if n < MAX_MANAGERS {
                world.decided(|tx| add_manager(tx, &vo(), GROUP, *id, &actor())).unwrap();
            }
        }
        world.decided(|tx| delete_with_members(tx, &vo(), GROUP, &actor())).unwrap();
        let of =
            |id: UserId| world.store.look(|view| Ok((groups_of(view, &vo(), id)?, memberships_of(view, &vo(), id)?)));
        let (counted, rows) = of(people[0]).unwrap();
        assert_eq!((counted.len(), rows.len()), (0, 1), "the row is there, the membership is not");
        group(&world, GroupId([8; 16])).expect("its name is free");
        assert!(group(&world, GROUP).is_err(), "its id is not");

        // The leader takes a step and is gone; the next one finds what is left in the state and goes on.
        let pending = || world.store.look(|view| being_removed(view, 10)).unwrap();
        let step = || world.store.run(|tx| remove_step(tx, &vo(), GROUP)).unwrap();
        assert_eq!((pending(), step()), (vec![(vo(), GROUP)], Purge::More));
        assert_eq!((pending(), step(), step()), (vec![(vo(), GROUP)], Purge::More, Purge::Done));
        assert_eq!((pending(), step()), (Vec::new(), Purge::Done), "once more does no harm");
        assert!(people.iter().all(|id| of(*id).unwrap().1.is_empty()));
    }
}
