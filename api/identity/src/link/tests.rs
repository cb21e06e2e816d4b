//! What a one-time link opens, and how often.

use std::time::Duration;

use raft_store_core::Stored;

use super::*;
use crate::event::Actor;
use crate::ids::UserId;
use crate::opaque::TokenHash;
use crate::password;
use crate::session::testing::{person, set_active};
use crate::signin::testing::{ANNA, HOME, RIGHT, ended, right_hash, sign_in, tried};
use crate::testing::{World, actor, vo};

const LIFE: Duration = Duration::from_secs(600);

fn world() -> World {
    let world = World::new();
    person(&world, ANNA, "anna", None);
    world
}

fn hash(name: &str) -> TokenHash {
    TokenHash::of(name.as_bytes())
}

fn made(world: &World, name: &str, life: Duration) -> Result<LinkMade, CreateLinkError> {
    world.decided(|tx| create(tx, &vo(), ANNA, LinkKind::FirstAdministrator, (hash(name), life), &actor()))
}

fn shown(world: &World, name: &str) -> Result<LiveLink, NoLink> {
    world.store.look(|view| look(view, &vo(), &hash(name))).unwrap()
}

fn used(world: &World, name: &str) -> Result<UserId, NoLink> {
    world.decided(|tx| redeem(tx, &vo(), &hash(name), &right_hash(), &Actor::anonymous(None, "r2")))
}

/// LG15: looking does not use it, and it is used once.
#[test]
fn a_link_sets_the_password_once() {
    let world = world();
    made(&world, "one", LIFE).unwrap();
    for _ in 0..3 {
        let LiveLink { kind, user: Stored { key, .. } } = shown(&world, "one").unwrap();
        assert_eq!((kind, key.1), (LinkKind::FirstAdministrator, ANNA));
    }
    assert_eq!(used(&world, "one"), Ok(ANNA));
    assert_eq!((shown(&world, "one"), used(&world, "one")), (Err(NoLink), Err(NoLink)));
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    assert!(password::verify(&attempt.hash(), RIGHT).ok);
    assert!(ended(&world, &attempt, true, None).is_ok());
    let told: Vec<_> = world.events().iter().map(|event| event["what"].as_str().unwrap().to_owned()).collect();
    assert!(told.windows(2).any(|two| two == ["link.redeem", "user.set_password"]), "{told:?}");
    let event = world.events().into_iter().find(|event| event["what"] == "link.redeem").unwrap();
    assert_eq!(event["actor"]["id"], ANNA.to_string());
}

#[test]
fn a_link_ends_when_its_time_is_over() {
    let world = world();
    made(&world, "one", LIFE).unwrap();
    world.pass(LIFE.as_secs() - 1);
    assert!(shown(&world, "one").is_ok());
    world.pass(1);
    assert_eq!((shown(&world, "one"), used(&world, "one")), (Err(NoLink), Err(NoLink)));
}

#[test]
fn a_link_dies_with_what_ends_its_person() {
    let world = world();
    for name in ["one", "two", "three"] {
        made(&world, name, LIFE).unwrap();
    }
    used(&world, "one").unwrap();
    assert_eq!(used(&world, "two"), Err(NoLink), "another link was used");
    made(&world, "four", LIFE).unwrap();
    set_active(&world, ANNA, false);
    assert_eq!(used(&world, "four"), Err(NoLink), "suspended");
    set_active(&world, ANNA, true);
    assert_eq!(used(&world, "four"), Err(NoLink), "restored");
}

#[test]
fn links_live_at_most_an_hour_and_are_for_people_who_may_act() {
    let world = world();
    for (life, answer) in [
        (Duration::ZERO, Err(CreateLinkError::Lifetime)),
        (Duration::from_millis(999), Err(CreateLinkError::Lifetime)),
        (MAX_LIFETIME + Duration::from_millis(1), Err(CreateLinkError::Lifetime)),
        (MAX_LIFETIME, Ok(())),
        (LIFE, Err(CreateLinkError::Exists)),
    ] {
        assert_eq!(made(&world, "one", life).map(|_| ()), answer, "{life:?}");
    }
    set_active(&world, ANNA, false);
    assert_eq!(made(&world, "two", LIFE), Err(CreateLinkError::Inactive));
    let kind = LinkKind::SetPassword;
    let nobody = world.decided(|tx| create(tx, &vo(), UserId([9; 16]), kind, (hash("x"), LIFE), &actor()));
    assert_eq!(nobody, Err(CreateLinkError::NoSuchUser));
    assert_eq!(shown(&world, "never made"), Err(NoLink));
}

#[test]
fn a_link_ends_the_persons_sessions() {
    let world = world();
    made(&world, "one", LIFE).unwrap();
    used(&world, "one").unwrap();
    let attempt = tried(&world, "anna", HOME, None).unwrap();
    let session = ended(&world, &attempt, true, None).unwrap().session;
    made(&world, "two", LIFE).unwrap();
    used(&world, "two").unwrap();
    let live = world.store.look(|view| crate::session::live(view, &vo(), session.hash())).unwrap();
    assert_eq!(live, Err(crate::session::NoSession::UserEnded));
    assert!(sign_in(&world, HOME, None).is_ok());
}
