//! What a session outlives, and what it does not.

use raft_store_core::{Outcome, Stored};

use super::testing::{person, set_active};
use super::*;
use crate::authorize::testing::{Flow, WEB};
use crate::event::Actor;
use crate::ids::UserId;
use crate::opaque::TokenHash;
use crate::password;
use crate::realm::{RealmNotBefore, Settings};
use crate::testing::{World, actor, new_realm, vo};
use crate::user;

const ANNA: UserId = UserId([1; 16]);
const BEN: UserId = UserId([2; 16]);
const IDLE: u64 = 1_800;
const ABSOLUTE: u64 = 43_200;

fn world() -> World {
    let mut realm = new_realm("vo");
    realm.settings = Settings {
        session_idle_seconds: u32::try_from(IDLE).unwrap(),
        session_absolute_seconds: u32::try_from(ABSOLUTE).unwrap(),
        ..Settings::default()
    };
    let world = World::with(&realm);
    person(&world, ANNA, "anna", None);
    person(&world, BEN, "ben", None);
    world
}

fn hash(of: u32) -> TokenHash {
    TokenHash::of(&of.to_be_bytes())
}

fn seed(of: u32) -> SessionSeed {
    SessionSeed {
        hash: hash(of),
        amr: vec![Amr::Password],
        address: "192.0.2.1".parse().ok(),
        user_agent: "Browser\u{202e}/1\n".into(),
    }
}

fn begin(world: &World, user: UserId, of: u32, old: Option<u32>) -> LiveSession {
    let old = old.map(hash);
    let started = world.store.run(|tx| {
        let realm = crate::realm::get(tx, &vo())?.unwrap();
        let person = user::get(tx, &vo(), user)?.unwrap();
        start(tx, &realm, person, &seed(of), old.as_ref()).map(Outcome::Commit)
    });
    started.unwrap()
}

fn why(world: &World, of: u32) -> Option<NoSession> {
    world.store.look(|view| live(view, &vo(), &hash(of))).unwrap().err()
}

fn touched(world: &World, of: u32) -> bool {
    let realm = world.realm();
    world.decided(|tx| touch(tx, &realm, &hash(of))).unwrap()
}

fn names(world: &World, user: UserId) -> Vec<TokenHash> {
    let all = world.store.look(|view| list(view, &vo(), user)).unwrap();
    all.iter().map(|Stored { key, .. }| key.1).collect()
}

#[test]
fn a_session_knows_its_person_and_how_they_proved_it() {
    let world = world();
    begin(&world, ANNA, 1, None);
    let session = world.store.look(|view| live(view, &vo(), &hash(1))).unwrap().unwrap();
    assert_eq!(session.user().key.1, ANNA);
    assert_eq!(session.amr(), [Amr::Password]);
    assert_eq!(session.auth_time_ms(), crate::testing::START.0);
    assert_eq!((session.record().address.as_str(), session.record().user_agent.as_str()), ("192.0.2.1", "Browser/1"));
    assert_eq!(SessionId::parse(&session.id().to_string()), Some(session.id()));
    assert_eq!(why(&world, 2), Some(NoSession::Unknown));
}

/// LG08: the token from before a sign-in opens nothing after it.
#[test]
fn a_new_session_ends_the_one_the_browser_had() {
    let world = world();
    begin(&world, ANNA, 1, None);
    begin(&world, BEN, 2, Some(1));
    assert_eq!(why(&world, 1), Some(NoSession::Unknown));
    assert_eq!(why(&world, 2), None);
}

/// LG10.
#[test]
fn a_session_ends_when_idle_and_when_old_however_it_is_used() {
    let world = world();
    begin(&world, ANNA, 1, None);
    begin(&world, ANNA, 2, None);
    world.pass(IDLE - 1);
    assert!(touched(&world, 2));
    world.pass(1);
    assert_eq!(why(&world, 1), Some(NoSession::Unknown), "idle");
    assert_eq!(why(&world, 2), None, "used");
    for _ in 0..ABSOLUTE / IDLE {
        world.pass(IDLE - 10);
        if why(&world, 2).is_none() {
            touched(&world, 2);
        }
    }
    assert_eq!(why(&world, 2), Some(NoSession::Unknown), "old");
}

#[test]
fn use_is_written_down_rarely() {
    let world = world();
    begin(&world, ANNA, 1, None);
    world.pass(TOUCH_EVERY_MS / 1000 - 1);
    assert!(!touched(&world, 1));
    world.pass(1);
    assert!(touched(&world, 1));
    assert!(!touched(&world, 1));
    let realm = world.realm();
    let done = world.decided(|tx| touch(tx, &realm, &hash(9)));
    assert_eq!(done, Err(NoSession::Unknown));
}

#[test]
fn a_session_dies_with_what_ends_its_person() {
    let world = world();
    for (of, user) in [(1, ANNA), (2, BEN)] {
        begin(&world, user, of, None);
    }
    set_active(&world, ANNA, false);
    assert!(matches!(why(&world, 1), Some(NoSession::UserEnded | NoSession::UserInactive)));
    set_active(&world, ANNA, true);
    assert_eq!(why(&world, 1), Some(NoSession::UserEnded), "restoring revives nothing");

    let hash = password::dummy();
    world.decided(|tx| password::set(tx, &vo(), BEN, &hash, &actor())).unwrap();
    assert_eq!(why(&world, 2), Some(NoSession::UserEnded), "another password");
    assert_eq!(names(&world, BEN), [], "what is dead is not listed");

    begin(&world, BEN, 3, None);
    assert_eq!(why(&world, 3), None);
    world.commit(|tx| tx.touch::<RealmNotBefore>(&vo()));
    assert_eq!(why(&world, 3), Some(NoSession::RealmEnded));
}

#[test]
fn sessions_are_ended_by_token_by_name_and_all() {
    let world = world();
    for of in 1..=4 {
        begin(&world, ANNA, of, None);
    }
    begin(&world, BEN, 5, None);
    world.decided(|tx| end(tx, &vo(), &hash(1), EndedBy::SignOut, &Actor::user(ANNA, None, "r2"))).unwrap();
    assert_eq!(why(&world, 1), Some(NoSession::Unknown));
    let again = world.decided(|tx| end(tx, &vo(), &hash(1), EndedBy::SignOut, &actor()));
    assert_eq!(again, Err(NoSuchSession));

    let other = SessionId::of(&hash(5));
    assert_eq!(world.decided(|tx| end_by_id(tx, &vo(), ANNA, other, &actor())), Err(NoSuchSession), "not theirs");
    world.decided(|tx| end_by_id(tx, &vo(), ANNA, SessionId::of(&hash(2)), &actor())).unwrap();
    assert_eq!(why(&world, 2), Some(NoSession::Unknown));

    assert_eq!(world.store.run(|tx| end_all_access(tx, &vo(), ANNA, &actor())).unwrap(), 2);
    assert_eq!(names(&world, ANNA), []);
    assert_eq!(why(&world, 3), Some(NoSession::Unknown));
    assert_eq!(why(&world, 5), None);
    let told: Vec<_> = world.events().iter().map(|event| event["what"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told[told.len() - 3..], ["session.sign_out", "session.end", "user.end_access"]);
}

/// Applications go on without a session: their families and tokens end as well.
#[test]
fn ending_all_access_ends_what_applications_hold() {
    for signed_in in [true, false] {
        let flow = Flow::new();
        let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
        let (access, token) = (flow.access_token(&redeemed.permit), redeemed.refresh.unwrap());
        let code = flow.code(WEB);
        if !signed_in {
            flow.world.decided(|tx| end(tx, &vo(), &flow.session.get(), EndedBy::SignOut, &actor())).unwrap();
        }
        assert!(flow.world.active(&access));
        let ended = flow.world.store.run(|tx| end_all_access(tx, &vo(), ANNA, &actor())).unwrap();
        assert_eq!(ended, usize::from(signed_in));
        assert_eq!(flow.last_event(), "user.end_access");
        assert!(!flow.world.active(&access));
        assert!(flow.refresh("web", token.reveal()).is_err() && flow.redeem(&code).is_err());
        flow.sign_in(ANNA);
        assert!(flow.redeem(&flow.code(WEB)).is_ok(), "what is begun anew counts");
    }
}

#[test]
fn one_person_has_a_bounded_number_of_sessions_and_the_oldest_go() {
    let world = world();
    let most = u32::try_from(MAX_SESSIONS).unwrap();
    for of in 0..most + 2 {
        begin(&world, ANNA, of, None);
        world.pass(1);
    }
    assert_eq!(names(&world, ANNA).len(), MAX_SESSIONS);
    assert_eq!((why(&world, 0), why(&world, 1)), (Some(NoSession::Unknown), Some(NoSession::Unknown)));
    assert_eq!((why(&world, 2), why(&world, most + 1)), (None, None));
}

#[test]
fn the_remains_of_a_person_are_removed_in_steps() {
    let world = world();
    for of in 0..5 {
        begin(&world, ANNA, of, None);
    }
    let step = || world.store.run(|tx| purge(tx, &vo(), ANNA, 3).map(Outcome::Commit)).unwrap();
    assert_eq!((step(), step(), step()), (3, 2, 0));
}

#[test]
fn a_token_is_not_in_the_state() {
    let world = world();
    let token = crate::opaque::OpaqueToken::from_random(&[9; 32]);
    let seed = SessionSeed { hash: token.hash(), ..seed(1) };
    let realm = world.realm();
    world
        .store
        .run(|tx| {
            let person = user::get(tx, &vo(), ANNA)?.unwrap();
            start(tx, &realm, person, &seed, None).map(Outcome::Commit)
        })
        .unwrap();
    assert!(!world.holds(token.reveal().as_bytes()));
    assert!(world.holds(token.hash().as_bytes()));
}
