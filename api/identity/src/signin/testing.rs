//! People who try to sign in, for this crate's tests.

use std::sync::OnceLock;

use raft_store_core::Read;

use super::{Attempt, NewSession, Proof, SignInRefused, SignedIn, Throttled, begin, complete};
use crate::event::Actor;
use crate::ids::UserId;
use crate::opaque::TokenHash;
use crate::password::{HashParams, PasswordHash, hash};
use crate::session::testing::person;
use crate::session::{Amr, SessionSeed};
use crate::testing::{World, vo};

pub(crate) const ANNA: UserId = UserId([1; 16]);
pub(crate) const HOME: &str = "198.51.100.1";
pub(crate) const EVIL: &str = "203.0.113.1";
pub(crate) const RIGHT: &str = "correct horse";

/// The right password's hash, made cheaply and once.
pub(crate) fn right_hash() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    let cheap = HashParams { memory_kib: 8, passes: 1, lanes: 1 };
    HASH.get_or_init(|| hash(cheap, [7; 16], RIGHT).unwrap()).clone()
}

/// A realm with `anna`, who has a password, and `idle`, who has none.
pub(crate) fn world() -> World {
    let world = World::new();
    person(&world, ANNA, "anna", Some(&right_hash()));
    person(&world, UserId([2; 16]), "idle", None);
    world
}

pub(crate) fn from(address: &str) -> Actor {
    Actor::anonymous(address.parse().ok(), "r2")
}

pub(crate) fn tried(world: &World, login: &str, address: &str, device: Option<&str>) -> Result<Attempt, Throttled> {
    world.decided(|tx| begin(tx, &vo(), login, device, &from(address)))
}

pub(crate) fn ended(
    world: &World,
    attempt: &Attempt,
    verified: bool,
    old: Option<TokenHash>,
) -> Result<SignedIn, SignInRefused> {
    let realm = world.realm();
    let random = world.store.look(|view| Ok(view.revision().0.to_be_bytes())).unwrap();
    let seed = SessionSeed {
        hash: TokenHash::of(&random),
        amr: vec![Amr::Password],
        address: None,
        user_agent: "Browser/1".into(),
    };
    let new = NewSession { seed, old, device: [random, random].concat().try_into().unwrap() };
    let proof = Proof { verified, rehash: None };
    world.decided(|tx| complete(tx, &realm, attempt, &proof, &new, &from(HOME)))
}

/// Signs Anna in; answers her device cookie.
pub(crate) fn sign_in(world: &World, address: &str, device: Option<&str>) -> Result<String, Throttled> {
    let attempt = tried(world, "anna", address, device)?;
    Ok(ended(world, &attempt, true, None).unwrap().device.as_str().to_owned())
}
