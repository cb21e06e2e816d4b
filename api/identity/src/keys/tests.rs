use std::sync::Arc;

use raft_store_core::Outcome;
use serde_json::Value;

use super::*;
use crate::testing::{World, key_pair, vo};

fn set_state(world: &World, kid: &str, state: KeyState) {
    let kid = Kid::parse(kid).unwrap();
    world
        .store
        .run(|tx| {
            let mut row = get(tx, &vo(), &kid)?.unwrap().row;
            row.state = state.stored();
            tx.put::<SigningKeys>((vo(), kid.clone()), row)?.unwrap();
            Ok(Outcome::Commit(()))
        })
        .unwrap();
}

#[test]
fn the_key_set_holds_public_halves_only() {
    let world = World::new();
    let set = world.store.look(|view| jwks(view, &vo())).unwrap();
    let json: Value = serde_json::from_str(&set.json).unwrap();
    let keys = json["keys"].as_array().unwrap();
    let members = |key: &Value| key.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(members(&keys[0]), "kty use crv kid x y alg");
    assert_eq!(members(&keys[1]), "kty use kid e n alg");
    assert_eq!((keys[0]["kid"].as_str(), keys[1]["kid"].as_str()), (Some("es1"), Some("rsa1")));
    for key in key_pair() {
        assert!(!world.holds(&key.private_key), "{:?}", key.kid);
    }
}

#[test]
fn a_retired_key_leaves_the_set_and_verifies_nothing() {
    let world = World::new();
    let before = world.store.look(|view| jwks(view, &vo())).unwrap();
    let rsa = Kid::parse("rsa1").unwrap();
    assert!(world.store.look(|view| world.keys.verifier(view, &vo(), &rsa)).unwrap().is_ok());
    set_state(&world, "rsa1", KeyState::Published);
    assert!(world.store.look(|view| world.keys.verifier(view, &vo(), &rsa)).unwrap().is_ok());
    let signer = world.store.look(|view| world.keys.signer(view, &vo(), SigningAlg::Rs256)).unwrap();
    assert_eq!(signer.unwrap_err(), NoKey::Active(SigningAlg::Rs256));
    set_state(&world, "rsa1", KeyState::Retired);
    let verifier = world.store.look(|view| world.keys.verifier(view, &vo(), &rsa)).unwrap();
    assert_eq!(verifier.unwrap_err(), NoKey::NotPublished);
    let after = world.store.look(|view| jwks(view, &vo())).unwrap();
    assert_eq!((before.keys, after.keys), (2, 1));
    assert!(after.revision > before.revision);
}

#[test]
fn there_is_never_a_second_active_key_of_an_algorithm() {
    let world = World::new();
    let extra = generate(SigningAlg::Es256, Kid::parse("es2").unwrap()).unwrap();
    let taken = world.store.run(|tx| Ok(Outcome::Answer(store(tx, &vo(), &extra, KeyState::Active)?)));
    assert!(taken.unwrap().is_err());
    let published = world.store.run(|tx| Ok(Outcome::Commit(store(tx, &vo(), &extra, KeyState::Published)?)));
    assert!(published.unwrap().is_ok());
}

#[test]
fn a_signer_is_parsed_once_for_each_revision_of_its_key() {
    let world = World::new();
    let signer = || world.store.look(|view| world.keys.signer(view, &vo(), SigningAlg::Es256)).unwrap().unwrap();
    let first = signer();
    assert!(Arc::ptr_eq(&first, &signer()));
    set_state(&world, "es1", KeyState::Active);
    assert!(!Arc::ptr_eq(&first, &signer()));
}

#[test]
fn debug_output_shows_no_key() {
    let world = World::new();
    for stored in world.store.look(|view| list(view, &vo())).unwrap() {
        let shown = format!("{stored:?}");
        assert!(!shown.contains("private") && shown.len() < 200, "{shown}");
    }
    assert!(!format!("{:?}", key_pair()).contains("private"));
}

/// What is remembered of a token is that these bytes, of this issuer, verified under this key.
#[test]
fn a_token_that_was_verified_before_is_judged_as_strictly() {
    let world = World::new();
    world.client("robot", "openid", crate::client::ClientPatch::default());
    let token = world.token("robot");
    let issuer = world.realm().row.issuer;
    let es = Kid::parse("es1").unwrap();
    let verifier = || world.store.look(|view| world.keys.verifier(view, &vo(), &es)).unwrap();
    let verify = |token: &str, issuer: &str| verifier().unwrap().verify::<Value>(token, issuer);
    let first = verify(&token, &issuer).unwrap();
    for _ in 0..2 {
        assert_eq!(verify(&token, &issuer).unwrap(), first);
        assert_eq!(verify(&token, "https://other.example"), Err(TokenFault::Issuer));
        assert_eq!(verify(&format!("{token}="), &issuer), Err(TokenFault::Malformed));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let turned = format!("{}{}", &signature[4..], &signature[..4]);
        assert!(verify(&format!("{message}.{turned}"), &issuer).is_err());
        let [header, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        assert!(verify(&format!("{header}.{}.{signature}", &body[..body.len() - 4]), &issuer).is_err());
    }
    set_state(&world, "es1", KeyState::Retired);
    assert_eq!(verifier().unwrap_err(), NoKey::NotPublished, "a key that is gone vouches for nothing");
}
