use raft_store_core::{Revision, Stored};

use super::*;
use crate::ids::{GroupId, UserId};
use crate::testing::{START, World, actor, vo};
use crate::user::{self, Label, NewUser, Provenance, UserPatch};

pub(super) fn gid(n: u8) -> GroupId {
    GroupId([n; 16])
}

pub(super) fn uid(n: u8) -> UserId {
    UserId([n; 16])
}

pub(super) fn person(world: &World, n: u8) {
    let fields = UserPatch { user_name: Some(format!("user{n}")), ..UserPatch::default() };
    let (realm, new) = (world.realm(), NewUser { id: uid(n), fields, provenance: Provenance::Import });
    world.decided(|tx| user::create(tx, &realm, &new, None, &actor())).unwrap();
}

pub(super) fn make(world: &World, n: u8, name: &str, parent: Option<u8>) -> Result<Group, CreateGroupError> {
    let new = NewGroup { id: gid(n), name: name.into(), parent: parent.map(gid), ..NewGroup::default() };
    world.decided(|tx| create(tx, &vo(), &new, &actor())).map(|stored| stored.row)
}

pub(super) fn join(world: &World, user: u8, group: u8, span: Option<Span>) -> Result<Membership, MemberError> {
    let joined =
        world.decided(|tx| add_member(tx, &vo(), uid(user), gid(group), span, Provenance::Administrator, &actor()));
    joined.map(|stored| stored.row)
}

pub(super) fn leave(world: &World, user: u8, group: u8) -> Result<(), MemberError> {
    world.decided(|tx| remove_member(tx, &vo(), uid(user), gid(group), &actor()))
}

/// Full names of the groups that count for somebody.
pub(super) fn groups(world: &World, user: u8) -> Vec<String> {
    let groups = world.store.look(|view| groups_of(view, &vo(), uid(user))).unwrap();
    groups.into_iter().map(|group| group.full_name).collect()
}

fn rows(world: &World, user: u8) -> usize {
    world.store.look(|view| memberships_of(view, &vo(), uid(user))).unwrap().len()
}

fn named(world: &World, name: &str) -> Option<u8> {
    world.store.look(|view| by_full_name(view, &vo(), name)).unwrap().map(|group| group.key.1.0[0])
}

fn patched(world: &World, n: u8, patch: &GroupPatch) -> Result<Group, UpdateGroupError> {
    world.decided(|tx| update(tx, &vo(), gid(n), patch, None, &actor())).map(|stored| stored.row)
}

fn renamed(name: &str) -> GroupPatch {
    GroupPatch { name: Some(name.into()), ..GroupPatch::default() }
}

fn until(ends: u64) -> Span {
    Span { starts_ms: 0, ends_ms: START.0 + ends }
}

/// a, a/b, a/b/c, a/d and e: 1 to 5.
fn world() -> World {
    let world = World::new();
    for (n, name, parent) in [(1, "a", None), (2, "b", Some(1)), (3, "c", Some(2)), (4, "d", Some(1)), (5, "e", None)] {
        make(&world, n, name, parent).unwrap();
    }
    (1..=3).for_each(|n| person(&world, n));
    world
}

#[test]
fn groups_are_found_by_their_full_names() {
    let world = world();
    for (name, n) in [("a", 1), ("a/b/c", 3), ("A/ｂ/C", 3), ("a/d", 4)] {
        assert_eq!(named(&world, name), Some(n), "{name}");
    }
    for name in ["", "/", "/a", "a/", "a//b", "b", "a/b/c/d", &"a/".repeat(100)] {
        assert_eq!(named(&world, name), None, "{name}");
    }
    let full = |n| world.store.look(|view| full_name(view, &vo(), gid(n))).unwrap();
    assert_eq!(full(3).as_deref(), Some("a/b/c"));
    assert_eq!(full(9), None);
    let below = |parent| {
        let groups = world.store.look(|view| subgroups(view, &vo(), parent)).unwrap();
        groups.into_iter().map(|group| group.row.name).collect::<Vec<_>>()
    };
    assert_eq!(below(None), ["a", "e"]);
    assert_eq!(below(Some(gid(1))), ["b", "d"]);
}

#[test]
fn siblings_have_different_names() {
    let world = world();
    let before = world.revision();
    for (name, parent) in [("a", None), ("A", None), ("Ｂ", Some(1))] {
        assert_eq!(make(&world, 9, name, parent), Err(CreateGroupError::NameTaken), "{name}");
    }
    assert_eq!(patched(&world, 2, &renamed("D")), Err(UpdateGroupError::NameTaken));
    assert_eq!(make(&world, 1, "x", None), Err(CreateGroupError::IdInUse));
    assert_eq!(make(&world, 0, "x", None), Err(CreateGroupError::IdInUse));
    assert_eq!(make(&world, 9, "x", Some(99)), Err(CreateGroupError::NoSuchParent));
    assert_eq!(world.revision(), before);
    make(&world, 9, "b", Some(5)).unwrap();
}

#[test]
fn of_two_groups_made_at_once_with_one_name_one_is_made() {
    let world = world();
    let new = |n, name: &str| NewGroup { id: gid(n), name: name.into(), parent: Some(gid(1)), ..NewGroup::default() };
    let (one, same, other) = (new(8, "x"), new(9, "X"), new(9, "y"));
    assert!(world.race(|tx| create(tx, &vo(), &one, &actor()), |tx| create(tx, &vo(), &same, &actor())));
    assert!(!world.race(|tx| create(tx, &vo(), &one, &actor()), |tx| create(tx, &vo(), &other, &actor())));
}

#[test]
fn a_rename_is_one_write_and_renames_all_below() {
    let world = world();
    join(&world, 1, 3, None).unwrap();
    assert_eq!(patched(&world, 1, &renamed("alpha")).unwrap().name, "alpha");
    assert_eq!(named(&world, "alpha/b/c"), Some(3));
    assert_eq!(named(&world, "a"), None);
    assert_eq!(groups(&world, 1), ["alpha", "alpha/b", "alpha/b/c"]);
    patched(&world, 1, &renamed("ALPHA")).unwrap();
    assert_eq!(named(&world, "alpha/b"), Some(2));
}

#[test]
fn full_names_and_chains_have_an_end() {
    let world = World::new();
    let long = "x".repeat(255);
    make(&world, 1, &long, None).unwrap();
    make(&world, 2, &long, Some(1)).unwrap();
    assert_eq!(make(&world, 3, "x", Some(2)), Err(CreateGroupError::NameTooLong));
    make(&world, 4, "s", None).unwrap();
    make(&world, 5, &long, Some(4)).unwrap();
    make(&world, 6, &"y".repeat(250), Some(5)).unwrap();
    patched(&world, 4, &renamed("short")).unwrap();
    assert_eq!(patched(&world, 4, &renamed("longer")), Err(UpdateGroupError::NameTooLong));
    for n in 10..26 {
        make(&world, n, "g", (n > 10).then(|| n - 1)).unwrap();
    }
    assert_eq!(make(&world, 26, "g", Some(25)), Err(CreateGroupError::TooDeep));
    person(&world, 1);
    join(&world, 1, 25, None).unwrap();
    assert_eq!(groups(&world, 1).len(), MAX_DEPTH);
}

#[test]
fn a_group_with_many_below_gets_no_longer_name() {
    let world = World::new();
    make(&world, 1, "a", None).unwrap();
    for n in 0..=200_u8 {
        let new = NewGroup { id: GroupId([200, n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), ..NewGroup::default() };
        let new = NewGroup { name: format!("g{n}"), parent: Some(gid(1)), ..new };
        world.decided(|tx| create(tx, &vo(), &new, &actor())).unwrap();
    }
    assert_eq!(patched(&world, 1, &renamed("ab")), Err(UpdateGroupError::TooManyBelow));
    patched(&world, 1, &renamed("b")).unwrap();
}

#[test]
fn fields_that_say_no_good_are_refused() {
    let world = world();
    let label = Label { name: "1".into(), ..Label::default() };
    for (field, patch) in [
        ("displayName", renamed("a/b")),
        ("displayName", renamed("..")),
        ("description", GroupPatch { description: Some("x".repeat(1025)), ..GroupPatch::default() }),
        ("externalId", GroupPatch { external_id: Some("x\n".into()), ..GroupPatch::default() }),
        ("labels.name", GroupPatch { labels: Some(vec![label.clone()]), ..GroupPatch::default() }),
    ] {
        match patched(&world, 1, &patch) {
            Err(UpdateGroupError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let new = NewGroup { id: gid(9), name: "x".into(), labels: vec![label], ..NewGroup::default() };
    let made = world.decided(|tx| create(tx, &vo(), &new, &actor()));
    assert!(matches!(made, Err(CreateGroupError::Invalid(_))));
}

#[test]
fn changes_carry_a_revision_and_are_on_record() {
    let world = world();
    let stored: Stored<Groups> = world.store.look(|view| get(view, &vo(), gid(1))).unwrap().unwrap();
    let patch = GroupPatch {
        description: Some("All of us".into()),
        labels: Some(vec![Label { name: "wlcg.optional-group".into(), ..Label::default() }]),
        ..GroupPatch::default()
    };
    let at = |revision| world.decided(|tx| update(tx, &vo(), gid(1), &patch, Some(revision), &actor()));
    let changed = at(stored.revision).unwrap();
    assert_eq!(changed.revision, Revision(0), "the commit's");
    assert!(changed.row.is_optional());
    assert_eq!(at(stored.revision), Err(UpdateGroupError::Changed));
    let before = world.revision();
    patched(&world, 1, &patch).unwrap();
    assert_eq!(world.revision(), before, "nothing to do");
    assert_eq!(patched(&world, 9, &patch), Err(UpdateGroupError::NotFound));
    let events = world.events();
    assert_eq!(
        events.last().unwrap()["changes"].to_string(),
        r#"{"description":"All of us","labels":[{"prefix":"","name":"wlcg.optional-group","value":""}]}"#
    );
}

#[test]
fn who_joins_a_group_joins_those_above_and_who_leaves_one_leaves_those_below() {
    let world = world();
    join(&world, 1, 3, None).unwrap();
    assert_eq!(groups(&world, 1), ["a", "a/b", "a/b/c"]);
    join(&world, 1, 4, None).unwrap();
    leave(&world, 1, 2).unwrap();
    assert_eq!(groups(&world, 1), ["a", "a/d"]);
    leave(&world, 1, 1).unwrap();
    assert_eq!((groups(&world, 1).len(), rows(&world, 1)), (0, 0));
    let before = world.revision();
    leave(&world, 1, 1).unwrap();
    assert_eq!(world.revision(), before, "they are in none");
    assert_eq!(join(&world, 9, 1, None), Err(MemberError::NoSuchUser));
    assert_eq!(join(&world, 1, 9, None), Err(MemberError::NoSuchGroup));
    assert_eq!(leave(&world, 9, 1), Err(MemberError::NoSuchUser));
    assert_eq!(leave(&world, 1, 9), Err(MemberError::NoSuchGroup));
}

#[test]
fn a_membership_counts_from_its_start_to_its_end() {
    let world = world();
    join(&world, 1, 2, Some(Span { starts_ms: START.0 + 10_000, ends_ms: START.0 + 20_000 })).unwrap();
    assert_eq!(groups(&world, 1).len(), 0);
    world.pass(10);
    assert_eq!(groups(&world, 1), ["a", "a/b"]);
    world.pass(9);
    assert_eq!(groups(&world, 1), ["a", "a/b"]);
    world.pass(1);
    assert_eq!(groups(&world, 1).len(), 0);
    // It is as if it had never been.
    join(&world, 1, 2, None).unwrap();
    assert_eq!(groups(&world, 1), ["a", "a/b"]);
}

#[test]
fn no_membership_reaches_beyond_the_one_above() {
    let world = world();
    join(&world, 1, 1, Some(until(20_000))).unwrap();
    assert_eq!(join(&world, 1, 3, None).unwrap().ends_ms, START.0 + 20_000);
    assert_eq!(join(&world, 1, 4, Some(until(10_000))).unwrap().ends_ms, START.0 + 10_000);
    // A longer one above lengthens nothing below, a shorter one cuts.
    join(&world, 1, 1, Some(Span::ALWAYS)).unwrap();
    assert_eq!(join(&world, 1, 3, None).unwrap().ends_ms, START.0 + 20_000);
    join(&world, 1, 1, Some(until(5_000))).unwrap();
    assert_eq!(join(&world, 1, 3, None).unwrap().ends_ms, START.0 + 5_000);
    world.pass(5);
    assert_eq!((groups(&world, 1).len(), rows(&world, 1)), (0, 0));
}

#[test]
fn what_is_added_again_without_a_span_stays_as_it_is() {
    let world = world();
    join(&world, 1, 1, Some(until(5_000))).unwrap();
    let before = world.revision();
    assert_eq!(join(&world, 1, 1, None).unwrap().ends_ms, START.0 + 5_000);
    assert_eq!(join(&world, 1, 1, Some(until(5_000))).unwrap().ends_ms, START.0 + 5_000);
    assert_eq!(world.revision(), before);
}

#[test]
fn a_membership_that_would_never_count_is_refused() {
    let world = world();
    for span in [
        Span { starts_ms: 0, ends_ms: 1 },
        Span { starts_ms: 0, ends_ms: START.0 },
        Span { starts_ms: START.0 + 20, ends_ms: START.0 + 20 },
        Span { starts_ms: START.0 + 20, ends_ms: START.0 + 10 },
    ] {
        assert_eq!(join(&world, 1, 1, Some(span)), Err(MemberError::Span), "{span:?}");
    }
    join(&world, 1, 1, Some(until(1_000))).unwrap();
    let later = Span { starts_ms: START.0 + 1_000, ends_ms: 0 };
    assert_eq!(join(&world, 1, 2, Some(later)), Err(MemberError::Span));
    // A start above that lies behind the end below ends the one below.
    join(&world, 1, 2, Some(until(500))).unwrap();
    join(&world, 1, 1, Some(Span { starts_ms: START.0 + 600, ends_ms: 0 })).unwrap();
    assert_eq!(rows(&world, 1), 1);
}

#[test]
fn only_empty_groups_are_deleted() {
    let world = world();
    let remove = |n| world.decided(|tx| delete(tx, &vo(), gid(n), &actor()));
    assert_eq!(remove(1), Err(DeleteGroupError::NotEmpty));
    join(&world, 1, 5, None).unwrap();
    assert_eq!(remove(5), Err(DeleteGroupError::NotEmpty));
    leave(&world, 1, 5).unwrap();
    world.decided(|tx| add_manager(tx, &vo(), gid(5), uid(2), &actor())).unwrap();
    remove(5).unwrap();
    assert_eq!(remove(5), Err(DeleteGroupError::NotFound));
    assert_eq!(world.store.look(|view| managed_by(view, &vo(), uid(2))).unwrap(), []);
    make(&world, 6, "e", None).unwrap();
}

#[test]
fn nobody_joins_a_group_while_it_is_deleted() {
    let world = world();
    let add = |tx: &mut raft_store_core::Tx<'_>| {
        add_member(tx, &vo(), uid(1), gid(5), None, Provenance::Administrator, &actor())
    };
    assert!(world.race(|tx| delete(tx, &vo(), gid(5), &actor()), add));
    assert!(world.race(add, |tx| delete(tx, &vo(), gid(5), &actor())));
    let below = NewGroup { id: gid(9), name: "x".into(), parent: Some(gid(5)), ..NewGroup::default() };
    assert!(world.race(|tx| delete(tx, &vo(), gid(5), &actor()), |tx| create(tx, &vo(), &below, &actor())));
    assert!(world.race(|tx| create(tx, &vo(), &below, &actor()), |tx| delete(tx, &vo(), gid(5), &actor())));
    assert!(world.race(|tx| user::delete(tx, &vo(), uid(1), &actor()), add));
}

#[test]
fn people_join_one_group_side_by_side() {
    let world = world();
    let add = |n| {
        move |tx: &mut raft_store_core::Tx<'_>| {
            add_member(tx, &vo(), uid(n), gid(3), None, Provenance::Administrator, &actor())
        }
    };
    assert!(!world.race(add(1), add(2)));
    assert!(world.race(add(1), add(1)));
}

#[test]
fn groups_that_somebody_may_be_in_are_counted() {
    let world = World::new();
    person(&world, 1);
    let id = |n: usize| {
        let mut id = [7; 16];
        id[0] = u8::try_from(n).unwrap();
        GroupId(id)
    };
    make(&world, 1, "top", None).unwrap();
    for n in 0..MAX_MEMBERSHIPS {
        let new = NewGroup { id: id(n), name: format!("g{n}"), parent: Some(gid(1)), ..NewGroup::default() };
        world.decided(|tx| create(tx, &vo(), &new, &actor())).unwrap();
    }
    let add = |n| world.decided(|tx| add_member(tx, &vo(), uid(1), id(n), None, Provenance::Administrator, &actor()));
    for n in 0..MAX_MEMBERSHIPS - 1 {
        add(n).unwrap();
    }
    assert_eq!(add(MAX_MEMBERSHIPS - 1).unwrap_err(), MemberError::TooMany);
    // As many as there may be are cut and left in one transaction.
    join(&world, 1, 1, Some(until(5_000))).unwrap();
    leave(&world, 1, 1).unwrap();
    assert_eq!(rows(&world, 1), 0);
}

#[test]
fn members_are_listed_in_pages_without_those_who_are_being_deleted() {
    let world = world();
    (4..=6).for_each(|n| person(&world, n));
    for n in 1..=6 {
        join(&world, n, 2, (n == 6).then_some(Span { starts_ms: START.0 + 5_000, ends_ms: 0 })).unwrap();
    }
    world.decided(|tx| user::delete(tx, &vo(), uid(2), &actor())).unwrap();
    let page = |group, after, limit| -> Vec<u8> {
        let members = world.store.look(|view| members(view, &vo(), gid(group), after, limit)).unwrap();
        members.into_iter().map(|member| member.key.1.0[0]).collect()
    };
    assert_eq!(page(2, None, 3), [1, 3, 4]);
    assert_eq!(page(2, Some(uid(4)), 3), [5, 6]);
    assert!(page(2, Some(uid(6)), 3).is_empty());
    assert!(page(4, None, 3).is_empty());
    assert_eq!(page(1, Some(uid(2)), 1), [3]);
}

#[test]
fn a_manager_looks_after_a_group_and_those_below() {
    let world = world();
    world.decided(|tx| add_manager(tx, &vo(), gid(2), uid(1), &actor())).unwrap();
    let manages = |user, group| world.store.look(|view| manages(view, &vo(), uid(user), gid(group))).unwrap();
    for (group, may) in [(1, false), (2, true), (3, true), (4, false), (5, false), (9, false)] {
        assert_eq!(manages(1, group), may, "{group}");
    }
    assert!(!manages(2, 2));
    let before = world.revision();
    world.decided(|tx| add_manager(tx, &vo(), gid(2), uid(1), &actor())).unwrap();
    assert_eq!(world.revision(), before, "they are one");
    assert_eq!(world.store.look(|view| managed_by(view, &vo(), uid(1))).unwrap(), [gid(2)]);
    assert_eq!(world.store.look(|view| managers(view, &vo(), gid(2))).unwrap().len(), 1);
    world.decided(|tx| remove_manager(tx, &vo(), gid(2), uid(1), &actor())).unwrap();
    assert!(!manages(1, 2));
    for (group, user, error) in [(9, 1, ManagerError::NoSuchGroup), (1, 9, ManagerError::NoSuchUser)] {
        let added = world.decided(|tx| add_manager(tx, &vo(), gid(group), uid(user), &actor()));
        assert_eq!(added, Err(error));
        let removed = world.decided(|tx| remove_manager(tx, &vo(), gid(group), uid(user), &actor()));
        assert_eq!(removed, Err(error));
    }
}

#[test]
fn a_group_has_so_many_managers() {
    let world = world();
    for n in 10..=110 {
        person(&world, n);
    }
    let add = |n| world.decided(|tx| add_manager(tx, &vo(), gid(5), uid(n), &actor()));
    for n in 10..110 {
        add(n).unwrap();
    }
    assert_eq!(add(110), Err(ManagerError::TooMany));
    world.decided(|tx| delete(tx, &vo(), gid(5), &actor())).unwrap();
}
