//! Tokens that the realm's own key signed in a form it never signs, or that were changed after it signed: what stands
//! between a fault elsewhere (a leaked signing oracle, a lenient parser) and an accepted token.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::client;
use crate::client::ClientPatch;
use crate::keys::TokenFault;
use crate::testing::{World, key_pair, new_realm, vo};

const HEADER: &str = r#"{"kid":"es1","alg":"ES256"}"#;

fn world() -> World {
    let world = World::new();
    world.client("robot", "openid", ClientPatch { allow_introspection: Some(true), ..ClientPatch::default() });
    world
}

fn encode(part: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part)
}

/// A good token's claims as text.
fn good_claims(world: &World) -> String {
    let prepared = world.prepare(&world.login("robot").unwrap(), None, &[], None).unwrap();
    String::from_utf8(prepared.claims().to_vec()).unwrap()
}

/// r ‖ s under the realm's key, as it comes.
fn raw_signature(message: &str) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key_pair()[0].private_key).unwrap();
    pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
}

/// A token with this header and these claims whose signature verifies: signed until it has the lower s.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    loop {
        let signature = raw_signature(&message);
        if signature[32] < 0x7f {
            return format!("{message}.{}", encode(signature));
        }
    }
}

fn faults(world: &World, token: &str) -> Option<TokenFault> {
    let realm = world.realm();
    world.store.look(|view| verify(view, &realm, &world.keys, token)).unwrap().err()
}

/// JW04, JW06, JW09, JW11.
#[test]
fn a_signed_header_says_kid_and_alg_and_nothing_else() {
    let world = world();
    let claims = good_claims(&world);
    assert_eq!(faults(&world, &signed(HEADER, &claims)), None, "the signature itself is good");
    for more in [
        r#""b64":false"#,
        r#""crit":[]"#,
        r#""crit":["exp"]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""jku":"http://127.0.0.1:1/""#,
        r#""x5u":"http://127.0.0.1:1/""#,
        r#""jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        r#""x5c":["AA"]"#,
        r#""x5t":"AA""#,
        r#""typ":"JWT""#,
        r#""typ":"at+jwt""#,
        r#""typ":"logout+jwt""#,
        r#""cty":"JWT""#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""nonce":"x""#,
        r#""kid":"es1""#,
        r#""alg":"ES256""#,
        r#""anything":1"#,
    ] {
        let header = format!(r#"{{"kid":"es1","alg":"ES256",{more}}}"#);
        let fault = faults(&world, &signed(&header, &claims));
        assert!(matches!(fault, Some(TokenFault::Header | TokenFault::Malformed)), "{more}: {fault:?}");
    }
    // JW05: a key id is looked up and nothing else.
    for kid in ["../../dev/null", "' OR 1=1 --", r"es1\u0000", "es1 ", "ES1", "", &"k".repeat(5_000), r"\ud800"] {
        let header = format!(r#"{{"kid":"{kid}","alg":"ES256"}}"#);
        assert!(faults(&world, &signed(&header, &claims)).is_some(), "{kid:.40}");
    }
    for kid in ["null", "7", "[\"es1\"]", "{}"] {
        let header = format!(r#"{{"kid":{kid},"alg":"ES256"}}"#);
        assert!(faults(&world, &signed(&header, &claims)).is_some(), "{kid}");
    }
}

/// JW07: what is in a time's place is a whole number of seconds, or the token is none.
#[test]
fn times_are_whole_numbers() {
    let world = world();
    let claims = good_claims(&world).replace("\"iat\"", "\"nbf\":1699999000,\"iat\"");
    assert_eq!(faults(&world, &signed(HEADER, &claims)), None);
    for name in ["exp", "nbf", "iat"] {
        let (before, after) = claims.split_once(&format!("\"{name}\":")).unwrap();
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        for value in [
            "null",
            "true",
            "\"1700003600\"",
            "\"\"",
            "[]",
            "[1700003600]",
            "{}",
            "-1",
            "-0.0",
            "1.5",
            "1e3",
            "1e400",
            "1700003600.0",
            "18446744073709551616",
            "99999999999999999999999999",
            "NaN",
            "Infinity",
            "0x10",
            "01",
            "",
        ] {
            let changed = format!("{before}\"{name}\":{value}{after}");
            assert!(faults(&world, &signed(HEADER, &changed)).is_some(), "{name} = {value}");
        }
        for huge in ["18446744073709551615", "9007199254740993"] {
            let changed = signed(HEADER, &format!("{before}\"{name}\":{huge}{after}"));
            assert_eq!(world.active(&changed), name != "nbf", "{name} = {huge} does not wrap");
        }
    }
}

/// JW11, and null in the place of an optional claim.
#[test]
fn claims_stand_once_and_hold_a_value() {
    let world = world();
    let claims = good_claims(&world);
    let with = |more: &str| signed(HEADER, &format!("{{{more},{}", &claims[1..]));
    assert_eq!(faults(&world, &with(r#""more":1"#)), None);
    for more in [
        r#""sub":"admin""#,
        r#""iss":"https://vo.example.org/""#,
        r#""exp":1900000000"#,
        r#""jti":"x""#,
        r#""scope":"scim:write""#,
        r#""client_id":"admin""#,
        r#""more":1,"more":2"#,
        r#""nbf":null"#,
        r#""aud":null"#,
        r#""aud":7"#,
        r#""aud":[7]"#,
        r#""aud":{"x":1}"#,
    ] {
        assert!(faults(&world, &with(more)).is_some(), "{more}");
    }
    let scopeless = claims.replace(r#""scope":"openid""#, r#""scope":null"#);
    assert_ne!(scopeless, claims);
    assert!(faults(&world, &signed(HEADER, &scopeless)).is_some());
    for text in [format!("{claims} x"), format!("[{claims}]"), format!("\u{feff}{claims}"), "7".into(), String::new()] {
        assert!(faults(&world, &signed(HEADER, &text)).is_some(), "{text:.20}");
    }
    let deep = with(&format!(r#""more":{}{}"#, "[".repeat(1_000), "]".repeat(1_000)));
    assert_eq!(faults(&world, &deep), Some(TokenFault::Malformed));
}

/// JW14: of all signatures that could be read as this one, only the one we make.
#[test]
fn an_ecdsa_signature_has_one_form() {
    let world = world();
    let token = signed(HEADER, &good_claims(&world));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with = |signature: &[u8]| format!("{message}.{}", encode(signature));
    assert_eq!(faults(&world, &with(&signature)), None);

    let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key_pair()[0].private_key).unwrap();
    let der = der.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    let (r, s) = signature.split_at(32);
    let padded = [&[0][..], r, &[0], s].concat();
    for bad in
        [der.as_ref(), &[0; 64], &[0xff; 64], &signature[..63], &[&signature[..], &[0]].concat(), &padded, r, &[]]
    {
        assert_eq!(faults(&world, &with(bad)), Some(TokenFault::Signature), "{} bytes", bad.len());
    }
    // The other signature that verifies alike, under an implementation that takes both.
    let high = loop {
        let other = raw_signature(message);
        if other[32] > 0x80 {
            break other;
        }
    };
    assert_eq!(faults(&world, &with(&high)), Some(TokenFault::Signature));
    for _ in 0..32 {
        assert_eq!(faults(&world, &world.token("robot")), None, "ours has the lower form each time");
    }
}

/// JW13, TK28: a token has one text.
#[test]
fn a_token_has_one_text() {
    let world = world();
    let token = world.token("robot");
    let [header, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    // 64 bytes leave four bits of the last character unused: every other value of them is refused.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(signature.chars().last().unwrap()).unwrap();
    for more in 1..16 {
        let other = alphabet.as_bytes()[(last & !15) | ((last + more) & 15)];
        let changed = format!("{header}.{body}.{}{}", &signature[..signature.len() - 1], char::from(other));
        assert!(faults(&world, &changed).is_some(), "{more}");
    }
    let json = json!({"payload": body, "signatures": [{"protected": header, "signature": signature}]});
    let flat = json!({"payload": body, "protected": header, "signature": signature});
    for changed in [
        format!("{header}.{body}.{}", BASE64_URL_SAFE.encode(&bytes)),
        format!("{header}.{body}.{}", BASE64_STANDARD.encode([&bytes[..61], &[0xfb, 0xff, 0xfe]].concat())),
        format!("{header}=.{body}.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}.{body}..{signature}"),
        format!("{header}..{signature}"),
        format!("{header}. {body}.{signature}"),
        format!("{token}\n"),
        format!("{token}\u{200b}"),
        format!("Bearer {token}"),
        json.to_string(),
        flat.to_string(),
    ] {
        assert!(faults(&world, &changed).is_some(), "{changed:.60}");
    }
}

/// Every claim that must match does so whole: another realm with the very same keys accepts nothing of ours.
#[test]
fn realms_with_one_key_do_not_take_each_others_tokens() {
    let world = world();
    let token = world.token("robot");
    let create = |tx: &mut raft_store_core::Tx<'_>| {
        crate::realm::create(tx, &new_realm("atlas"), key_pair(), &[7; 32], &crate::testing::actor())
    };
    world.decided(create).unwrap();
    let atlas = crate::ids::RealmId::parse("atlas").unwrap();
    let atlas = world.store.look(|view| crate::realm::get(view, &atlas)).unwrap().unwrap();
    let seen = world.store.look(|view| verify(view, &atlas, &world.keys, &token)).unwrap();
    assert_eq!(seen.unwrap_err(), TokenFault::Issuer);
    let presented = client::Presented {
        client_id: "robot",
        secret: Some(crate::testing::SECRET),
        method: client::AuthMethod::ClientSecretBasic,
    };
    let elsewhere = world.store.look(|view| client::authenticate(view, &atlas.key, &presented)).unwrap();
    assert_eq!(elsewhere.unwrap_err(), client::ClientAuthError::UnknownClient);
    // Nor does a revocation, or an end of all tokens, reach over.
    world.store.run(|tx| end_all(tx, &atlas.key, &crate::testing::actor())).unwrap();
    assert!(world.active(&token));
    world.store.run(|tx| end_all(tx, &vo(), &crate::testing::actor())).unwrap();
    assert!(!world.active(&token));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// JW13: no text makes verification panic, and none that we did not sign passes it.
    #[test]
    fn no_text_is_a_token_by_chance(
        text in prop_oneof![
            ".*",
            "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}",
            "eyJraWQiOiJlczEiLCJhbGciOiJFUzI1NiJ9\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{86}",
        ],
    ) {
        let world = shared();
        let realm = world.realm();
        prop_assert!(world.store.look(|view| verify(view, &realm, &world.keys, &text)).unwrap().is_err());
    }

    /// One changed character anywhere ends it.
    #[test]
    fn a_changed_character_ends_a_token(place: prop::sample::Index, other in "[A-Za-z0-9_.=+/-]") {
        let world = shared();
        let token = world.token("robot");
        let at = place.index(token.len());
        prop_assume!(token[at..=at] != other[..]);
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        prop_assert!(!world.active(&changed), "{}", at);
    }
}

fn shared() -> &'static World {
    static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    WORLD.get_or_init(world)
}
