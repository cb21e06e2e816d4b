//! Who is signed in, and who is not.

use raft_store_core::Timestamp;

use super::testing::{ANNA, HOME, RIGHT, ended, from, right_hash, sign_in, tried, world};
use super::*;
use crate::opaque::TokenHash;
use crate::password;
use crate::session::testing::set_active;
use crate::session::{Amr, SessionSeed, live};
use crate::testing::{START, World, actor, vo};

fn session_of(world: &World, hash: &TokenHash) -> bool {
    world.store.look(|view| live(view, &vo(), hash)).unwrap().is_ok()
}

#[test]
fn a_right_password_begins_a_session_and_ends_the_one_before() {
    let world = world();
    for login in ["anna", "ANNA", "\u{ff41}nna", "anna@example.org", "Anna@Example.ORG"] {
        let attempt = tried(&world, login, HOME, None).unwrap();
        assert!(password::verify(&attempt.hash(), RIGHT).ok, "{login}");
        let first = ended(&world, &attempt, true, None).unwrap();
        assert_eq!(first.session.user().key.1, ANNA);
        assert_eq!(first.session.amr(), [Amr::Password]);
        let again = tried(&world, login, HOME, None).unwrap();
        let second = ended(&world, &again, true, Some(*first.session.hash())).unwrap();
        assert!(!session_of(&world, first.session.hash()));
        assert!(session_of(&world, second.session.hash()));
    }
    let last = world.store.look(|view| last_login(view, &vo(), ANNA)).unwrap();
    assert_eq!(last, Some(Timestamp(START.0)));
    let event = world.events().pop().unwrap();
    assert_eq!(event["what"], "session.start");
    assert_eq!(event["actor"], serde_json::json!({"kind": "user", "id": ANNA.to_string()}));
    assert_eq!(event["address"], HOME);
    assert_eq!(event["changes"]["amr"], serde_json::json!(["pwd"]));
}

/// LG04, LG18: each is verified against a hash of the same cost, and no answer of the password helps.
#[test]
fn nobody_else_is_signed_in_and_all_cost_the_same() {
    let world = world();
    let dummy = password::dummy();
    for (login, why) in [
        ("nobody", SignInRefused::UnknownUser),
        ("", SignInRefused::UnknownUser),
        ("anna@example.com", SignInRefused::UnknownUser),
        ("idle", SignInRefused::NoPassword),
    ] {
        let attempt = tried(&world, login, HOME, None).unwrap();
        assert_eq!(attempt.hash(), dummy, "{login}");
        assert_eq!(ended(&world, &attempt, true, None), Err(why), "{login}");
        assert_eq!(ended(&world, &attempt, false, None), Err(why), "{login}");
    }
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    assert_eq!(ended(&world, &attempt, false, None), Err(SignInRefused::WrongPassword));
    set_active(&world, ANNA, false);
    let suspended = tried(&world, "anna", HOME, None).unwrap();
    assert_eq!(suspended.hash(), dummy);
    assert_eq!(ended(&world, &suspended, true, None), Err(SignInRefused::Inactive));
}

#[test]
fn what_changed_while_the_password_was_verified_counts() {
    let world = world();
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    set_active(&world, ANNA, false);
    assert_eq!(ended(&world, &attempt, true, None), Err(SignInRefused::Inactive));
    set_active(&world, ANNA, true);
    world.decided(|tx| password::set(tx, &vo(), ANNA, &right_hash(), &actor())).unwrap();
    assert_eq!(ended(&world, &attempt, true, None), Err(SignInRefused::Changed));
    world.decided(|tx| password::remove(tx, &vo(), ANNA, &actor())).unwrap();
    assert_eq!(ended(&world, &attempt, true, None), Err(SignInRefused::NoPassword));
}

#[test]
fn a_weak_hash_is_replaced_and_nothing_ends() {
    let world = world();
    let before = tried(&world, "anna", HOME, None).unwrap();
    let session = ended(&world, &before, true, None).unwrap().session;
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    let stronger = password::dummy();
    let realm = world.realm();
    let seed = SessionSeed {
        hash: TokenHash::of(b"another"),
        amr: vec![Amr::Password],
        address: None,
        user_agent: String::new(),
    };
    let new = NewSession { seed, old: None, device: [0; 16] };
    let proof = Proof { verified: true, rehash: Some(stronger.clone()) };
    world.decided(|tx| complete(tx, &realm, &attempt, &proof, &new, &from(HOME))).unwrap();
    assert_eq!(tried(&world, "anna", HOME, None).unwrap().hash(), stronger);
    assert!(session_of(&world, session.hash()));
}

#[test]
fn names_that_are_tried_are_not_in_the_state() {
    let world = world();
    let typed = "my-secret-in-the-wrong-field";
    tried(&world, typed, HOME, None).unwrap();
    assert!(!world.holds(typed.as_bytes()));
}

#[test]
fn a_session_can_be_asked_for_in_the_same_realm_only() {
    let world = world();
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    let elsewhere = Attempt { realm: crate::RealmId::parse("other").unwrap(), ..attempt };
    assert_eq!(ended(&world, &elsewhere, true, None), Err(SignInRefused::WrongPassword));
}

#[test]
fn a_device_is_known_for_its_own_person_and_for_its_time() {
    let world = world();
    let device = sign_in(&world, HOME, None).unwrap();
    let known = |text: &str| world.store.look(|view| device::DeviceToken::open(view, &vo(), ANNA, text)).unwrap();
    let other = crate::ids::UserId([2; 16]);
    assert!(known(&device).is_some());
    assert_eq!(world.store.look(|view| DeviceToken::open(view, &vo(), other, &device)).unwrap(), None);
    assert_eq!(known("x"), None);
    world.pass(DEVICE_REMEMBERED.as_secs() / 2);
    let renewed = sign_in(&world, HOME, Some(&device)).unwrap();
    world.pass(DEVICE_REMEMBERED.as_secs() / 2 + 1);
    assert_eq!(known(&device), None);
    assert!(known(&renewed).is_some());
}
