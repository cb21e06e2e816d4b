use raft_store_core::{Outcome, Read, Timestamp};

use super::tests::{change, found, make, new, uid};
use super::*;
use crate::group::{self, NewGroup};
use crate::ids::GroupId;
use crate::password::{self, HashParams};
use crate::testing::{START, World, actor, vo};

fn administrator(world: &World, n: u8, end_ms: Option<u64>) {
    make(world, &new(n, &format!("admin{n}"), &[])).unwrap();
    grant(world, n, true).unwrap();
    end(world, n, end_ms).unwrap();
}

fn grant(world: &World, n: u8, granted: bool) -> Result<User, StatusError> {
    let role = Authority::Administrator;
    world.decided(|tx| set_authority(tx, &vo(), uid(n), role, granted, &actor())).map(|stored| stored.row)
}

fn suspend(world: &World, n: u8) -> Result<User, StatusError> {
    world.decided(|tx| set_status(tx, &vo(), uid(n), false, &actor())).map(|stored| stored.row)
}

fn end(world: &World, n: u8, end_ms: Option<u64>) -> Result<User, StatusError> {
    world.decided(|tx| set_end_time(tx, &vo(), uid(n), end_ms, &actor())).map(|stored| stored.row)
}

fn remove(world: &World, n: u8) -> Result<(), DeleteUserError> {
    world.decided(|tx| delete(tx, &vo(), uid(n), &actor()))
}

/// When what was issued to them last ended.
fn ended(world: &World, n: u8) -> Option<raft_store_core::Revision> {
    world.store.look(|view| view.marker::<UserNotBefore>(&(vo(), uid(n)))).unwrap()
}

#[test]
fn suspension_ends_what_was_issued_and_restoring_revives_nothing() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    assert_eq!(ended(&world, 1), None);
    assert_eq!(suspend(&world, 1).unwrap().status().unwrap(), Status::Suspended);
    let at = ended(&world, 1);
    assert_eq!(at, Some(world.revision()));
    assert!(!is_active(&found(&world, 1).unwrap().row, START));

    let before = world.revision();
    suspend(&world, 1).unwrap();
    assert_eq!(world.revision(), before, "nothing to do");

    let restored = world.decided(|tx| set_status(tx, &vo(), uid(1), true, &actor())).unwrap();
    assert!(is_active(&restored.row, START));
    assert_eq!(ended(&world, 1), at);
    let events: Vec<String> = world.events().iter().map(|event| event["what"].to_string()).collect();
    assert_eq!(events[2..], ["\"user.suspend\"", "\"user.restore\""]);
}

#[test]
fn an_update_suspends_as_well() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let patch = UserPatch { active: Some(false), title: Some("x".into()), ..UserPatch::default() };
    assert_eq!(change(&world, 1, &patch).unwrap().status().unwrap(), Status::Suspended);
    assert_eq!(ended(&world, 1), Some(world.revision()));
    let patch = UserPatch { active: Some(true), ..UserPatch::default() };
    assert_eq!(change(&world, 1, &patch).unwrap().status().unwrap(), Status::Active);
}

#[test]
fn a_person_may_be_made_suspended() {
    let world = World::new();
    let mut person = new(1, "alice", &[]);
    person.fields.active = Some(false);
    assert_eq!(make(&world, &person).unwrap().status().unwrap(), Status::Suspended);
}

#[test]
fn an_end_time_acts_when_it_comes() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let row = end(&world, 1, Some(START.0 + 1000)).unwrap();
    assert_eq!(ended(&world, 1), None, "not yet");
    assert!(is_active(&row, Timestamp(START.0 + 999)));
    assert!(!is_active(&row, Timestamp(START.0 + 1000)));
    let row = end(&world, 1, None).unwrap();
    assert!(is_active(&row, Timestamp(u64::MAX)));
    for past in [0, 1, START.0] {
        let row = end(&world, 1, Some(past)).unwrap();
        assert!(!is_active(&row, START), "{past}");
        assert_eq!(ended(&world, 1), Some(world.revision()));
        end(&world, 1, None).unwrap();
    }
}

#[test]
fn putting_off_an_end_that_has_come_revives_nothing() {
    for later in [None, Some(START.0 + 3_600_000)] {
        let world = World::new();
        make(&world, &new(1, "alice", &[])).unwrap();
        end(&world, 1, Some(START.0 + 1000)).unwrap();
        world.pass(1);
        assert_eq!(ended(&world, 1), None, "nobody wrote anything when it came");
        end(&world, 1, later).unwrap();
        assert_eq!(ended(&world, 1), Some(world.revision()), "{later:?}");
    }
}

#[test]
fn a_password_ends_what_was_issued_and_is_sealed() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let params = HashParams { memory_kib: 8, passes: 1, lanes: 1 };
    let hash = password::hash(params, [3; 16], "tea-pot at 5").unwrap();
    world.decided(|tx| password::set(tx, &vo(), uid(1), &hash, &actor())).unwrap();
    assert_eq!(ended(&world, 1), Some(world.revision()));
    assert!(!world.holds(b"$argon2id$"));
    let (stored, revision) = world.store.look(|view| password::stored(view, &vo(), uid(1))).unwrap().unwrap();
    assert_eq!((stored, revision), (hash.clone(), world.revision()));

    let stronger = password::hash(HashParams { passes: 2, ..params }, [4; 16], "tea-pot at 5").unwrap();
    let at = ended(&world, 1);
    world.commit(|tx| password::rehash(tx, &vo(), uid(1), &stronger).unwrap());
    assert_eq!(ended(&world, 1), at, "it is the same password");
    assert_eq!(world.store.look(|view| password::stored(view, &vo(), uid(1))).unwrap().unwrap().0, stronger);

    world.decided(|tx| password::remove(tx, &vo(), uid(1), &actor())).unwrap();
    assert_eq!(ended(&world, 1), Some(world.revision()));
    let none = world.decided(|tx| password::remove(tx, &vo(), uid(1), &actor()));
    assert_eq!(none, Err(password::NoPassword::None));
    let nobody = world.decided(|tx| password::set(tx, &vo(), uid(9), &hash, &actor()));
    assert_eq!(nobody, Err(password::NoSuchUser));
    let events = serde_json::to_string(&world.events()).unwrap();
    assert!(!events.contains("argon2") && !events.contains("tea-pot"));
}

#[test]
fn what_was_given_under_an_authority_ends_with_it() {
    let world = World::new();
    administrator(&world, 1, None);
    administrator(&world, 2, None);
    assert_eq!(ended(&world, 2), None);
    assert!(!grant(&world, 2, false).unwrap().administrator);
    assert_eq!(ended(&world, 2), Some(world.revision()));
    let read = world.decided(|tx| set_authority(tx, &vo(), uid(2), Authority::Reader, true, &actor())).unwrap();
    assert!(read.row.reader);
}

#[test]
fn a_realm_keeps_its_last_administrator() {
    let world = World::new();
    administrator(&world, 1, None);
    make(&world, &new(2, "bob", &[])).unwrap();
    let before = world.revision();
    assert_eq!(suspend(&world, 1), Err(StatusError::LastAdministrator));
    assert_eq!(grant(&world, 1, false), Err(StatusError::LastAdministrator));
    assert_eq!(end(&world, 1, Some(START.0)), Err(StatusError::LastAdministrator));
    assert_eq!(end(&world, 1, Some(START.0 + 1_000_000)), Err(StatusError::LastAdministrator));
    assert_eq!(remove(&world, 1), Err(DeleteUserError::LastAdministrator));
    let patch = UserPatch { active: Some(false), ..UserPatch::default() };
    assert_eq!(change(&world, 1, &patch), Err(UpdateUserError::LastAdministrator));
    assert_eq!(world.revision(), before);
    suspend(&world, 2).unwrap();
    remove(&world, 2).unwrap();
}

#[test]
fn an_administrator_who_ends_or_is_suspended_stands_in_for_nobody() {
    let world = World::new();
    administrator(&world, 1, None);
    administrator(&world, 2, Some(START.0 + 1_000_000));
    assert_eq!(suspend(&world, 1), Err(StatusError::LastAdministrator));
    administrator(&world, 3, None);
    suspend(&world, 3).unwrap();
    assert_eq!(suspend(&world, 1), Err(StatusError::LastAdministrator));
    world.decided(|tx| set_status(tx, &vo(), uid(3), true, &actor())).unwrap();
    suspend(&world, 1).unwrap();
    // One whose own end is set may go as long as anybody is left, and an end may be put off.
    end(&world, 2, Some(START.0 + 2_000_000)).unwrap();
    end(&world, 2, Some(START.0 + 500_000)).unwrap();
    remove(&world, 2).unwrap();
}

#[test]
fn of_two_administrators_who_remove_each_other_one_stays() {
    let world = World::new();
    administrator(&world, 1, None);
    administrator(&world, 2, None);
    for act in [0, 1, 2, 3] {
        let conflicts = world.race(
            |tx| set_status(tx, &vo(), uid(1), false, &actor()).map(drop_answer),
            |tx| match act {
                0 => set_status(tx, &vo(), uid(2), false, &actor()).map(drop_answer),
                1 => delete(tx, &vo(), uid(2), &actor()).map(drop_answer),
                2 => set_end_time(tx, &vo(), uid(2), Some(START.0 + 9), &actor()).map(drop_answer),
                _ => set_authority(tx, &vo(), uid(2), Authority::Administrator, false, &actor()).map(drop_answer),
            },
        );
        assert!(conflicts, "{act}");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over results")]
fn drop_answer<A>(outcome: Outcome<A>) -> Outcome<()> {
    match outcome {
        Outcome::Commit(_) => Outcome::Commit(()),
        Outcome::Answer(_) => Outcome::Answer(()),
    }
}

#[test]
fn a_deleted_person_is_absent_at_once_and_leaves_nothing_personal() {
    let world = World::new();
    let mut person = new(1, "alice", &["alice.liddell@example.org"]);
    person.fields.display_name = Some("Alice Liddell".into());
    make(&world, &person).unwrap();
    remove(&world, 1).unwrap();
    assert_eq!(found(&world, 1), None);
    assert_eq!(ended(&world, 1), Some(world.revision()));
    assert_eq!(world.store.look(|view| by_name(view, &vo(), "alice")).unwrap(), None);
    assert_eq!(world.store.look(|view| by_email(view, &vo(), "alice.liddell@example.org")).unwrap(), []);
    assert!(!world.holds(b"iddell"));
    // The name is free, the id is not.
    make(&world, &new(2, "alice", &["alice.liddell@example.org"])).unwrap();
    assert_eq!(make(&world, &new(1, "other", &[])), Err(CreateUserError::IdInUse));
    // And nothing can be done to them.
    assert_eq!(suspend(&world, 1), Err(StatusError::NotFound));
    assert_eq!(end(&world, 1, None), Err(StatusError::NotFound));
    assert_eq!(grant(&world, 1, true), Err(StatusError::NotFound));
    assert_eq!(remove(&world, 1), Err(DeleteUserError::NotFound));
}

#[test]
fn the_job_removes_what_hangs_on_a_deleted_person() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let params = HashParams { memory_kib: 8, passes: 1, lanes: 1 };
    let hash = password::hash(params, [3; 16], "tea-pot at 5").unwrap();
    world.decided(|tx| password::set(tx, &vo(), uid(1), &hash, &actor())).unwrap();
    for n in 0..120 {
        let id = GroupId([n + 1; 16]);
        let new = NewGroup { id, name: format!("g{n}"), ..NewGroup::default() };
        world.decided(|tx| group::create(tx, &vo(), &new, &actor())).unwrap();
        world
            .decided(|tx| group::add_member(tx, &vo(), uid(1), id, None, Provenance::Administrator, &actor()))
            .unwrap();
        world.decided(|tx| group::add_manager(tx, &vo(), id, uid(1), &actor())).unwrap();
    }
    remove(&world, 1).unwrap();
    assert_eq!(world.store.look(being_deleted).unwrap(), [(vo(), uid(1))]);
    // A deleted member keeps no group from being deleted, not even before the job.
    world.decided(|tx| group::delete(tx, &vo(), GroupId([1; 16]), &actor())).unwrap();
    let step = || world.store.run(|tx| purge_step(tx, &vo(), uid(1))).unwrap();
    let mut steps = 1;
    while step() == Purge::More {
        steps += 1;
    }
    assert_eq!(steps, 3);
    assert_eq!(world.store.look(being_deleted).unwrap(), []);
    assert!(world.store.look(|view| group::memberships_of(view, &vo(), uid(1))).unwrap().is_empty());
    assert!(world.store.look(|view| group::managed_by(view, &vo(), uid(1))).unwrap().is_empty());
    assert_eq!(world.store.look(|view| password::stored(view, &vo(), uid(1))).unwrap(), None);
    assert_eq!(world.store.look(|view| view.get::<Users>(&(vo(), uid(1)))).unwrap(), None);
    let before = world.revision();
    assert_eq!(step(), Purge::Done);
    assert_eq!(world.revision(), before);
}

#[test]
fn nobody_but_a_deleted_person_is_purged() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let before = world.revision();
    assert_eq!(world.store.run(|tx| purge_step(tx, &vo(), uid(1))).unwrap(), Purge::Done);
    assert_eq!(world.revision(), before);
    assert!(found(&world, 1).is_some());
}
