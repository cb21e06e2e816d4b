//! What holds of every tree, whatever was done to it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{gid, groups, join, leave, make, person, uid};
use super::*;
use crate::testing::{START, World, actor, vo};
use crate::user;

const GROUPS: u8 = 12;
const PEOPLE: u8 = 5;

#[derive(Clone, Debug)]
enum Act {
    Make { group: u8, parent: Option<u8>, name: u8 },
    Remove { group: u8 },
    Rename { group: u8, name: u8 },
    Join { user: u8, group: u8, ends: Option<u64> },
    Leave { user: u8, group: u8 },
    Manage { user: u8, group: u8 },
    Delete { user: u8 },
    Pass { seconds: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let (group, user, name) = (1..=GROUPS, 1..=PEOPLE, 0..4_u8);
    let ends = proptest::option::weighted(0.3, 1..60_u64);
    prop_oneof![
        4 => (group.clone(), proptest::option::of(group.clone()), name.clone())
            .prop_map(|(group, parent, name)| Act::Make { group, parent, name }),
        2 => group.clone().prop_map(|group| Act::Remove { group }),
        1 => (group.clone(), name).prop_map(|(group, name)| Act::Rename { group, name }),
        6 => (user.clone(), group.clone(), ends).prop_map(|(user, group, ends)| Act::Join { user, group, ends }),
        3 => (user.clone(), group.clone()).prop_map(|(user, group)| Act::Leave { user, group }),
        1 => (user.clone(), group).prop_map(|(user, group)| Act::Manage { user, group }),
        1 => user.prop_map(|user| Act::Delete { user }),
        1 => (1..20_u64).prop_map(|seconds| Act::Pass { seconds }),
    ]
}

/// What should be there.
#[derive(Default)]
struct Model {
    /// Groups with their parents.
    parents: BTreeMap<u8, Option<u8>>,
    managers: BTreeSet<(u8, u8)>,
    clock: u64,
}

impl Model {
    fn above(&self, group: u8) -> Vec<u8> {
        let mut out = vec![];
        let mut next = self.parents.get(&group).copied().flatten();
        while let Some(group) = next {
            out.push(group);
            next = self.parents.get(&group).copied().flatten();
        }
        out
    }
}

fn members_now(world: &World, user: u8) -> BTreeSet<u8> {
    let rows = world.store.look(|view| memberships_of(view, &vo(), uid(user))).unwrap();
    rows.into_iter().map(|row| row.key.2.0[0]).collect()
}

fn perform(world: &World, model: &mut Model, act: &Act) {
    match *act {
        Act::Make { group, parent, name } => {
            let parent_is_there = parent.is_none_or(|parent| model.parents.contains_key(&parent));
            let made = make(world, group, &format!("n{name}"), parent);
            if made.is_ok() {
                assert!(parent_is_there && !model.parents.contains_key(&group));
                model.parents.insert(group, parent);
            }
        }
        Act::Remove { group } => {
            let members = (1..=PEOPLE).any(|user| members_now(world, user).contains(&group));
            let below = model.parents.values().any(|parent| *parent == Some(group));
            let removed = world.decided(|tx| delete(tx, &vo(), gid(group), &actor()));
            match removed {
                Ok(()) => {
                    assert!(!members && !below, "only empty groups are deleted");
                    model.parents.remove(&group);
                    model.managers.retain(|(_, managed)| *managed != group);
                }
                Err(DeleteGroupError::NotEmpty) => assert!(members || below),
                Err(DeleteGroupError::NotFound) => assert!(!model.parents.contains_key(&group)),
            }
        }
        Act::Rename { group, name } => {
            let patch = GroupPatch { name: Some(format!("n{name}")), ..GroupPatch::default() };
            let _ = world.decided(|tx| update(tx, &vo(), gid(group), &patch, None, &actor()));
        }
        Act::Join { user, group, ends } => {
            let span = ends.map(|ends| Span { starts_ms: 0, ends_ms: START.0 + (model.clock + ends) * 1000 });
            if join(world, user, group, span).is_ok() {
                let now = members_now(world, user);
                assert!(now.contains(&group) && model.above(group).iter().all(|above| now.contains(above)));
            }
        }
        Act::Leave { user, group } => {
            if leave(world, user, group).is_ok() {
                let now = members_now(world, user);
                assert!(!now.iter().any(|one| *one == group || model.above(*one).contains(&group)));
            }
        }
        Act::Manage { user, group } => {
            if world.decided(|tx| add_manager(tx, &vo(), gid(group), uid(user), &actor())).is_ok() {
                model.managers.insert((user, group));
            }
        }
        Act::Delete { user } => {
            if world.decided(|tx| user::delete(tx, &vo(), uid(user), &actor())).is_ok() {
                while world.store.run(|tx| user::purge_step(tx, &vo(), uid(user))).unwrap() == user::Purge::More {}
                model.managers.retain(|(manager, _)| *manager != user);
                assert!(members_now(world, user).is_empty());
                person(world, user);
            }
        }
        Act::Pass { seconds } => {
            world.pass(seconds);
            model.clock += seconds;
        }
    }
}

fn check(world: &World, model: &Model) {
    let mut names = BTreeSet::new();
    for (group, parent) in &model.parents {
        let name = world.store.look(|view| full_name(view, &vo(), gid(*group))).unwrap().unwrap();
        assert_eq!(name.split('/').count(), model.above(*group).len() + 1);
        let found = world.store.look(|view| by_full_name(view, &vo(), &name)).unwrap().unwrap();
        assert_eq!((found.key.1, found.row.parent()), (gid(*group), parent.map(gid)));
        assert!(names.insert(name), "no two groups have one name");
    }
    for user in 1..=PEOPLE {
        let now = members_now(world, user);
        for group in &now {
            assert!(model.parents.contains_key(group), "nobody is in a group that is gone");
            assert!(model.above(*group).iter().all(|above| now.contains(above)), "member below, member above");
        }
        let counting = groups(world, user);
        assert_eq!(counting.len(), now.len());
        assert!(counting.is_sorted());
        for group in model.parents.keys() {
            let expected = std::iter::once(*group).chain(model.above(*group));
            let expected = expected.into_iter().any(|one| model.managers.contains(&(user, one)));
            let manages = world.store.look(|view| manages(view, &vo(), uid(user), gid(*group))).unwrap();
            assert_eq!(manages, expected, "a manager has to do with the group and those below alone");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn who_is_in_a_group_is_in_those_above(acts in proptest::collection::vec(act(), 1..=2_000)) {
        let world = World::new();
        (1..=PEOPLE).for_each(|n| person(&world, n));
        let mut model = Model::default();
        for (step, act) in acts.iter().enumerate() {
            perform(&world, &mut model, act);
            if step % 16 == 0 {
                check(&world, &model);
            }
        }
        check(&world, &model);
    }
}
