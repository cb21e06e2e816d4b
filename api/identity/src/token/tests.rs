use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Read, sweep};
use serde_json::{Value, json};

use super::*;
use crate::client::{self, ClientPatch};
use crate::keys::{KeyState, Signer, SigningAlg, SigningKeys, TokenFault};
use crate::realm::Settings;
use crate::testing::{World, actor, id, key_pair, new_realm, vo};

fn introspecting() -> ClientPatch {
    ClientPatch { allow_introspection: Some(true), ..ClientPatch::default() }
}

/// A world with the client `robot`, which gets tokens, and `storage`, which introspects them.
fn world() -> World {
    let world = World::new();
    world.client("robot", "openid storage.read:/ wlcg.groups iam:admin.read", ClientPatch::default());
    world.client("storage", "openid storage.read:/data", introspecting());
    world
}

fn claims(prepared: &PreparedToken) -> Value {
    serde_json::from_slice(prepared.claims()).unwrap()
}

fn fault(world: &World, token: &str) -> TokenFault {
    let realm = world.realm();
    world.store.look(|view| verify(view, &realm, &world.keys, token)).unwrap().unwrap_err()
}

#[test]
fn only_scopes_asked_and_held_are_issued() {
    let world = world();
    let robot = world.login("robot").unwrap();
    let scope = |asked| world.prepare(&robot, asked, &[], None).map(|token| token.scopes.to_string());
    assert_eq!(scope(None).unwrap(), "openid storage.read:/ wlcg.groups");
    assert_eq!(scope(Some("storage.read:/a iam:admin.read")).unwrap(), "storage.read:/a iam:admin.read");
    for asked in ["email", "storage.modify:/", "storage.read:/../a", "storage.read", "iam:admin.write", "wlcg.groups:x"]
    {
        assert!(matches!(scope(Some(asked)), Err(IssueRefused::Scope(_))), "{asked}");
    }
}

#[test]
fn only_the_clients_own_grants_are_served() {
    let world = World::new();
    let grants = Some(vec!["urn:ietf:params:oauth:grant-type:device_code".to_owned()]);
    world.client("device", "openid", ClientPatch { grant_types: grants, ..ClientPatch::default() });
    let refused = world.prepare(&world.login("device").unwrap(), None, &[], None).unwrap_err();
    assert_eq!(refused, IssueRefused::Grant(client::GrantType::ClientCredentials));
    assert_eq!(refused.to_string(), "Unauthorized grant type: client_credentials");
}

#[test]
fn a_public_client_gets_no_token_about_itself() {
    let world = World::new();
    let method = Some("none".to_owned());
    world.client("app", "openid", ClientPatch { token_endpoint_auth_method: method, ..ClientPatch::default() });
    let app = world.present("app", None, client::AuthMethod::None).unwrap();
    assert_eq!(world.prepare(&app, None, &[], None).unwrap_err(), IssueRefused::PublicClient);
}

#[test]
fn expires_in_only_shortens_and_the_realm_bounds_it() {
    let world = World::new();
    let validity = |seconds| ClientPatch { access_token_validity_seconds: Some(seconds), ..ClientPatch::default() };
    world.client("plain", "openid", ClientPatch::default());
    world.client("long", "openid", validity(7_200));
    for (client, asked, lives) in
        [("plain", None, 3_600), ("plain", Some(60), 60), ("plain", Some(9_999), 3_600), ("long", None, 7_200)]
    {
        let token = world.prepare(&world.login(client).unwrap(), None, &[], asked).unwrap();
        let claims = claims(&token);
        assert_eq!(token.expires_in, lives);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), u64::from(lives));
    }
}

#[test]
fn a_profile_that_is_not_served_is_refused() {
    let world = World::new();
    world.client("aarc", "openid aarc", ClientPatch::default());
    let refused = world.prepare(&world.login("aarc").unwrap(), None, &[], None);
    assert_eq!(refused.unwrap_err(), IssueRefused::Profile("aarc"));
}

#[test]
fn a_token_too_large_to_introspect_is_not_issued() {
    let world = world();
    let robot = world.login("robot").unwrap();
    let many: Vec<String> = (0..200).map(|i| format!("storage.read:/a-rather-long-folder-name/{i}")).collect();
    assert_eq!(world.prepare(&robot, Some(&many.join(" ")), &[], None).unwrap_err(), IssueRefused::TooLarge);
}

#[test]
fn issuing_writes_nothing() {
    let world = world();
    let before = world.revision();
    let token = world.token("robot");
    assert!(world.active(&token));
    assert_eq!(world.revision(), before);
}

#[test]
fn introspection_tells_what_the_caller_may_see() {
    let world = world();
    let robot = world.login("robot").unwrap();
    let prepared =
        world.prepare(&robot, Some("openid storage.read:/data/x storage.read:/home"), &["a b"], None).unwrap();
    let answer = world.introspect("storage", &world.sign(&prepared));
    assert_eq!(
        answer.to_string(),
        format!(
            r#"{{"active":true,"scope":"openid storage.read:/data/x","client_id":"robot","token_type":"Bearer","exp":1700003600,"iat":1700000000,"sub":"robot","aud":["a","b"],"iss":"https://vo.example.org/","jti":"{}"}}"#,
            prepared.jti
        )
    );
}

/// IAM's EGI-SVG-2023-53: what counts is what a token allows now.
#[test]
fn what_a_client_lost_its_own_tokens_lose() {
    let world = world();
    let robot = world.login("robot").unwrap();
    let token = world.sign(&world.prepare(&robot, Some("openid storage.read:/data"), &[], None).unwrap());
    let realm = world.realm();
    let patch = ClientPatch { scope: Some("openid".into()), ..ClientPatch::default() };
    world.decided(|tx| client::update(tx, &realm, &id("robot"), &patch, &actor())).unwrap();
    assert_eq!(world.introspect("storage", &token)["scope"], "openid");
    let allowed = |view: &raft_store_core::View<'_>| {
        let token = verify(view, &realm, &world.keys, &token)?.unwrap();
        present_scopes(view, &realm, &live(view, &vo(), &token)?.unwrap(), &token)
    };
    assert_eq!(world.store.look(allowed).unwrap().to_string(), "openid");
}

#[test]
fn a_client_without_leave_does_not_introspect() {
    let world = world();
    let (realm, robot, token) = (world.realm(), world.login("robot").unwrap(), world.token("robot"));
    let answer = world.store.look(|view| introspect(view, &realm, &world.keys, &robot, &token)).unwrap();
    assert_eq!(answer, Err(IntrospectRefused::NotAllowed));
}

#[test]
fn a_client_may_be_held_to_tokens_for_itself() {
    let world = world();
    let own = ClientPatch { introspect_own_audience_only: Some(true), ..introspecting() };
    world.client("narrow", "openid", own);
    let robot = world.login("robot").unwrap();
    let token = |aud: &[&str]| world.sign(&world.prepare(&robot, None, aud, None).unwrap());
    assert_eq!(world.introspect("narrow", &token(&["narrow"]))["active"], true);
    assert_eq!(world.introspect("narrow", &token(&["other"])), json!({"active": false}));
    assert_eq!(world.introspect("narrow", &token(&[])), json!({"active": false}));
    assert_eq!(world.introspect("storage", &token(&["other"]))["active"], true);
}

#[test]
fn a_token_ends_by_cluster_time() {
    let world = world();
    let token = world.token("robot");
    world.pass(3_599);
    assert!(world.active(&token));
    world.pass(1);
    assert_eq!(world.introspect("storage", &token), json!({"active": false}));
}

#[test]
fn revoked_is_inactive_and_forgotten_only_after_its_end() {
    let world = world();
    let (token, other) = (world.token("robot"), world.token("storage"));
    assert_eq!(world.revoke("robot", &token), Revocation::Revoked);
    assert!(!world.active(&token));
    assert!(world.active(&other));
    let before = world.revision();
    assert_eq!(world.revoke("robot", &token), Revocation::Dead(Inactive::Revoked));
    assert_eq!(world.revision(), before, "revoking twice writes once");

    let tables = crate::sweepable();
    let swept = |world: &World| {
        let (now, snapshot) = (world.store.look(|view| Ok(view.now())).unwrap(), world.store.kv().snapshot());
        let attempt = raft_store_core::AttemptId([0; 16]);
        sweep::step(&snapshot, &tables, 1, now, attempt, now.plus_ms(1_000)).unwrap().map(|entry| entry.mutations.len())
    };
    world.pass(3_600 + revoked::SKEW_SECONDS - 1);
    assert_eq!(swept(&world), None);
    world.pass(1);
    assert_eq!(swept(&world), Some(1));
}

#[test]
fn revoking_what_is_not_ones_own_does_nothing() {
    let world = world();
    let token = world.token("robot");
    let before = world.revision();
    assert_eq!(world.revoke("storage", &token), Revocation::NotTheCallers);
    assert_eq!(world.revoke("storage", "nonsense"), Revocation::Unknown(TokenFault::Malformed));
    world.pass(4_000);
    assert_eq!(world.revoke("robot", &token), Revocation::Dead(Inactive::Expired));
    assert_eq!(world.revision(), before);
}

#[test]
fn disabling_a_client_kills_its_tokens_for_good() {
    let world = world();
    let token = world.token("robot");
    world.disable("robot");
    assert_eq!(world.introspect("storage", &token), json!({"active": false}));
    world.decided(|tx| client::set_active(tx, &vo(), &id("robot"), true, &actor())).unwrap();
    assert!(!world.active(&token), "enabling does not revive");
    assert!(world.active(&world.token("robot")), "a token issued after the kill lives");
}

#[test]
fn a_grace_issue_from_before_the_kill_is_dead_after_it() {
    let world = world();
    let robot = world.login("robot").unwrap();
    world.disable("robot");
    world.decided(|tx| client::set_active(tx, &vo(), &id("robot"), true, &actor())).unwrap();
    let marker =
        world.store.look(|view| view.marker::<client::ClientNotBefore>(&(vo(), id("robot")))).unwrap().unwrap();
    let prepared = world.prepare(&robot, None, &[], None).unwrap();
    let at = |revision: u64| {
        let jti = Jti { revision: raft_store_core::Revision(revision), ..prepared.jti };
        let mut claims = claims(&prepared);
        claims["jti"] = jti.to_string().into();
        let signer = world.store.look(|view| world.keys.signer(view, &vo(), SigningAlg::Es256)).unwrap().unwrap();
        signer.sign_jwt(claims.to_string().as_bytes()).unwrap()
    };
    assert!(!world.active(&at(marker.0 - 1)));
    assert!(world.active(&at(marker.0)), "a state that has seen the kill issues anew");
}

#[test]
fn ending_a_realms_tokens_is_one_write() {
    let world = world();
    let tokens = [world.token("robot"), world.token("storage")];
    let before = world.revision();
    world.store.run(|tx| end_all(tx, &vo(), &actor())).unwrap();
    assert_eq!(world.revision().0, before.0 + 1);
    assert!(tokens.iter().all(|token| !world.active(token)));
    assert!(world.active(&world.token("robot")));
}

#[test]
fn ending_a_grant_kills_its_tokens_alone() {
    let world = world();
    let prepared = world.prepare(&world.login("robot").unwrap(), None, &[], None).unwrap();
    let signer = world.store.look(|view| world.keys.signer(view, &vo(), SigningAlg::Es256)).unwrap().unwrap();
    let of = |grant: u8| {
        let mut claims = claims(&prepared);
        claims["jti"] = Jti { grant: Some(GrantId([grant; 16])), ..prepared.jti }.to_string().into();
        signer.sign_jwt(claims.to_string().as_bytes()).unwrap()
    };
    world.commit(|tx| end_tokens(tx, &vo(), GrantId([1; 16])).unwrap());
    assert!(!world.active(&of(1)));
    assert!(world.active(&of(2)));
}

#[test]
fn forged_and_foreign_tokens_are_faults() {
    let world = world();
    let token = world.token("robot");
    let [header, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let encode = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let with_header = |json: &str| format!("{}.{body}.{signature}", encode(json));
    let changed = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap().replace("robot", "admin");

    for (bad, why) in [
        (String::new(), TokenFault::Malformed),
        ("a.b".into(), TokenFault::Malformed),
        (format!("{token}.x"), TokenFault::Malformed),
        ("x".repeat(8193), TokenFault::TooLarge),
        (format!("{header}.{}.{signature}", encode(&changed)), TokenFault::Signature),
        (format!("{header}.{body}."), TokenFault::Signature),
        (with_header(r#"{"alg":"ES256"}"#), TokenFault::UnknownKey),
        (with_header(r#"{"kid":"other","alg":"ES256"}"#), TokenFault::UnknownKey),
        (with_header(r#"{"kid":"../../dev/null","alg":"ES256"}"#), TokenFault::UnknownKey),
        (with_header(r#"{"kid":"rsa1","alg":"RS256"}"#), TokenFault::Signature),
        (with_header(r#"{"kid":"rsa1","alg":"ES256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"kid":"es1","alg":"RS256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"kid":"es1","alg":"HS256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"kid":"rsa1","alg":"PS256"}"#), TokenFault::Algorithm),
        (with_header(r#"{"kid":"es1","alg":"none"}"#), TokenFault::Malformed),
        (with_header(r#"{"kid":"es1","alg":"NoNe"}"#), TokenFault::Malformed),
        (with_header(r#"{"kid":"es1","alg":"ES256","jku":"http://127.0.0.1/"}"#), TokenFault::Header),
        (with_header(r#"{"kid":"es1","alg":"ES256","crit":["b64"],"b64":false}"#), TokenFault::Header),
        (with_header(r#"{"kid":"es1","alg":"ES256","typ":"logout+jwt"}"#), TokenFault::Header),
    ] {
        assert_eq!(fault(&world, &bad), why, "{bad:.80}");
        assert_eq!(world.introspect("storage", &bad), json!({"active": false}));
    }
    for cut in 1..=40 {
        let short = &token[..token.len() - cut];
        assert!(!world.active(short), "cut {cut}");
    }
    for joined in [format!("{token}{token}"), format!("{token}="), format!(" {token}"), token.to_uppercase()] {
        assert!(!world.active(&joined), "{joined:.80}");
    }
}

#[test]
fn signed_claims_of_the_wrong_kind_are_faults() {
    let world = world();
    let prepared = world.prepare(&world.login("robot").unwrap(), None, &[], None).unwrap();
    let signer = world.store.look(|view| world.keys.signer(view, &vo(), SigningAlg::Es256)).unwrap().unwrap();
    let sign = |claims: &Value| signer.sign_jwt(claims.to_string().as_bytes()).unwrap();
    for claim in ["iss", "sub", "exp", "iat", "jti", "client_id"] {
        let mut missing = claims(&prepared);
        missing.as_object_mut().unwrap().remove(claim);
        assert!(!world.active(&sign(&missing)), "{claim} missing");
        for value in [json!(null), json!([]), json!(-1), json!(1.5), json!({}), json!(true)] {
            let mut wrong = claims(&prepared);
            wrong[claim] = value.clone();
            assert!(!world.active(&sign(&wrong)), "{claim} = {value}");
        }
    }
    for (claim, number) in [("exp", "1e400"), ("exp", "1e12"), ("exp", "99999999999999999999"), ("iat", "\"0\"")] {
        let json = claims(&prepared).to_string();
        let (before, after) = json.split_once(&format!("\"{claim}\":17000")).unwrap();
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let token = signer.sign_jwt(format!("{before}\"{claim}\":{number}{after}").as_bytes()).unwrap();
        assert!(!world.active(&token), "{claim} = {number}");
    }
    let with = |claim: &str, value: Value| {
        let mut changed = claims(&prepared);
        changed[claim] = value;
        sign(&changed)
    };
    assert_eq!(fault(&world, &with("iss", json!("https://vo.example.org"))), TokenFault::Issuer);
    assert_eq!(fault(&world, &with("iss", json!(["https://vo.example.org/"]))), TokenFault::Malformed);
    assert_eq!(fault(&world, &with("jti", json!("7a2c6ff6-7d54-4a4b-9b1f-0e1c9b1a2d3e"))), TokenFault::Jti);
    assert!(!world.active(&with("nbf", json!(1_700_000_001))));
    assert!(!world.active(&with("nbf", json!("0"))));
    assert!(!world.active(&with("client_id", json!("stranger"))));
}

#[test]
fn an_hmac_with_the_public_key_is_no_signature() {
    let world = world();
    let token = world.token("robot");
    let body = token.split('.').nth(1).unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"kid":"es1","alg":"HS256"}"#);
    let message = format!("{header}.{body}");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key_pair()[0].public_jwk.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
    let forged = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref()));
    assert_eq!(fault(&world, &forged), TokenFault::Algorithm);
}

#[test]
fn a_token_of_a_key_with_the_same_id_is_not_ours() {
    let world = world();
    let stranger = crate::keys::generate(SigningAlg::Es256, crate::ids::Kid::parse("es1").unwrap()).unwrap();
    let signer = Signer::parse(SigningAlg::Es256, stranger.kid.clone(), &stranger.private_key).unwrap();
    let prepared = world.prepare(&world.login("robot").unwrap(), None, &[], None).unwrap();
    assert_eq!(fault(&world, &prepared.sign(&signer).unwrap()), TokenFault::Signature);
}

#[test]
fn a_token_dies_with_its_key() {
    let world = world();
    let token = world.token("robot");
    world.commit(|tx| {
        let key = (vo(), crate::ids::Kid::parse("es1").unwrap());
        let mut row = tx.get::<SigningKeys>(&key).unwrap().unwrap().row;
        row.state = KeyState::Retired.stored();
        tx.put::<SigningKeys>(key, row).unwrap().unwrap();
    });
    assert_eq!(fault(&world, &token), TokenFault::UnknownKey);
}

#[test]
fn rs256_realms_sign_with_their_rsa_key() {
    let mut realm = new_realm("vo");
    realm.settings = Settings { access_token_alg: SigningAlg::Rs256, ..Settings::default() };
    let world = World::with(&realm);
    world.client("robot", "openid", introspecting());
    let token = world.token("robot");
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(header, br#"{"kid":"rsa1","alg":"RS256"}"#);
    assert_eq!(world.introspect("robot", &token)["active"], true);
}
