use raft_store_core::{Read, Revision};
use serde_json::json;

use super::*;
use crate::testing::{SECRET, START, World, actor, id, vo};

fn patch(json: serde_json::Value) -> ClientPatch {
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_client_proves_itself_by_its_secret_and_registered_method() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let robot = world.login("robot").unwrap();
    assert_eq!((robot.id().as_str(), robot.realm()), ("robot", &vo()));

    let oversized = "x".repeat(100_000);
    for (client, secret, method, error) in [
        ("robot", Some("wrong"), AuthMethod::ClientSecretBasic, ClientAuthError::WrongSecret),
        ("robot", Some(""), AuthMethod::ClientSecretBasic, ClientAuthError::WrongSecret),
        ("robot", None, AuthMethod::ClientSecretBasic, ClientAuthError::WrongSecret),
        ("robot", Some(oversized.as_str()), AuthMethod::ClientSecretBasic, ClientAuthError::WrongSecret),
        ("robot", Some(SECRET), AuthMethod::ClientSecretPost, ClientAuthError::WrongMethod),
        ("robot", Some(SECRET), AuthMethod::ClientSecretJwt, ClientAuthError::WrongSecret),
        ("robot", Some(SECRET), AuthMethod::PrivateKeyJwt, ClientAuthError::WrongSecret),
        ("robot", None, AuthMethod::None, ClientAuthError::WrongMethod),
        ("nobody", Some(SECRET), AuthMethod::ClientSecretBasic, ClientAuthError::UnknownClient),
        ("no body\0", Some(SECRET), AuthMethod::ClientSecretBasic, ClientAuthError::UnknownClient),
        ("", Some(""), AuthMethod::ClientSecretPost, ClientAuthError::UnknownClient),
    ] {
        assert_eq!(world.present(client, secret, method).unwrap_err(), error, "{client} {method:?}");
    }
}

#[test]
fn suspension_is_told_only_to_who_has_the_secret() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    world.disable("robot");
    assert_eq!(world.login("robot"), Err(ClientAuthError::Suspended));
    let guess = world.present("robot", Some("guess"), AuthMethod::ClientSecretBasic);
    assert_eq!(guess, Err(ClientAuthError::WrongSecret));
}

#[test]
fn a_public_client_has_no_secret() {
    let world = World::new();
    let created = world
        .create(
            "app",
            patch(json!({
                "client_name": "An app", "grant_types": ["authorization_code"],
                "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none",
            })),
        )
        .unwrap();
    assert!(!created.with_secret);
    assert!(created.client.secrets.is_empty());
    assert_eq!(created.client.scope, "openid profile email address phone");
    assert_eq!(world.present("app", None, AuthMethod::None).unwrap().method(), AuthMethod::None);
    assert!(world.present("app", Some(SECRET), AuthMethod::None).is_err());
    assert!(world.present("app", Some(""), AuthMethod::ClientSecretPost).is_err());
}

#[test]
fn secrets_are_never_stored_or_shown() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    world.client(
        "signer",
        "openid",
        ClientPatch { token_endpoint_auth_method: Some("client_secret_jwt".into()), ..ClientPatch::default() },
    );
    assert!(!world.holds(SECRET.as_bytes()));
    let signer = world.store.look(|view| get(view, &vo(), &id("signer"))).unwrap().unwrap().row;
    let robot = world.store.look(|view| get(view, &vo(), &id("robot"))).unwrap().unwrap().row;
    assert!(!signer.sealed_secret.is_empty());
    assert!(robot.sealed_secret.is_empty());
    assert_ne!(signer.secrets[0].hash, robot.secrets[0].hash, "one secret hashes differently for each client");
    let shown = format!("{robot:?} {:?} {:?}", robot.secrets, ClientSecret::from_random(&[1; 64]));
    assert!(!shown.contains(SECRET) && !shown.contains("hash"), "{shown}");
    let object = serde_json::to_string(&object(&id("robot"), &robot).unwrap()).unwrap();
    assert!(!object.contains("secret\"") && !object.contains("hash"), "{object}");
}

#[test]
fn a_new_secret_ends_the_old_one() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let token = world.token("robot");
    let fresh = ClientSecret::from_random(&[2; 64]);
    let rotate = |ends| world.decided(|tx| rotate_secret(tx, &vo(), &id("robot"), &fresh, ends, &actor()));
    rotate(SecretEnds::Secret).unwrap();
    assert_eq!(world.login("robot"), Err(ClientAuthError::WrongSecret));
    assert!(world.present("robot", Some(fresh.reveal()), AuthMethod::ClientSecretBasic).is_ok());
    assert!(world.active(&token));
    rotate(SecretEnds::SecretAndTokens).unwrap();
    assert!(!world.active(&token));
}

#[test]
fn a_secret_may_expire() {
    let world = World::new();
    let mut row = world.client("robot", "openid", ClientPatch::default());
    row.client_secret_expires_ms = START.plus_ms(1_000).0;
    world.commit(|tx| tx.put::<Clients>((vo(), id("robot")), row.clone()).unwrap().unwrap());
    assert!(world.login("robot").is_ok());
    world.pass(1);
    assert_eq!(world.login("robot"), Err(ClientAuthError::WrongSecret));
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_is_on_record() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let change = patch(json!({"allow_introspection": true, "scope": "openid storage.read:/a/"}));
    let realm = world.realm();
    let row = world.decided(|tx| update(tx, &realm, &id("robot"), &change, &actor())).unwrap();
    assert_eq!((row.client_name.as_str(), row.scope.as_str()), ("Client robot", "openid storage.read:/a"));
    assert!(world.login("robot").is_ok());
    let event = world.events().pop().unwrap();
    assert_eq!(event["what"], "client.update");
    assert_eq!(event["changes"], json!({"scope": "openid storage.read:/a", "allow_introspection": true}));

    let before = world.revision();
    world.decided(|tx| update(tx, &realm, &id("robot"), &change, &actor())).unwrap();
    assert_eq!(world.revision(), before, "a change of nothing writes nothing");
}

#[test]
fn a_method_without_secret_drops_it() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let realm = world.realm();
    let method = |name: &str| {
        let change = patch(json!({"token_endpoint_auth_method": name}));
        world.decided(|tx| update(tx, &realm, &id("robot"), &change, &actor())).unwrap()
    };
    assert!(method("private_key_jwt").secrets.is_empty());
    method("client_secret_basic");
    assert_eq!(world.login("robot"), Err(ClientAuthError::WrongSecret));
}

#[test]
fn fields_at_fault_are_named() {
    let world = World::new();
    let long = "x".repeat(2_100);
    for (field, value) in [
        ("client_name", json!("abc")),
        ("client_name", json!("a\u{202e}bcd")),
        ("client_name", json!("x".repeat(257))),
        ("client_description", json!("x".repeat(1025))),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("redirect_uris", json!(["https://a.example/#x"])),
        ("redirect_uris", json!(vec!["https://a.example/"; 101])),
        ("post_logout_redirect_uris", json!(["http://a.example/"])),
        ("client_uri", json!("javascript:alert(1)")),
        ("tos_uri", json!(format!("https://a.example/{long}"))),
        ("policy_uri", json!("x")),
        ("jwks_uri", json!("http://169.254.169.254/")),
        ("jwk", json!("not json")),
        ("jwk", json!(r#"{"keys":[{"kty":"RSA","n":"AQ","e":"AQ","d":"AQ"}]}"#)),
        ("jwk", json!(r#"{"kty":"oct","k":"AQ"}"#)),
        ("jwk", json!(format!(r#"{{"keys":[{{"kty":"{long}"}}]}}"#))),
        ("contacts", json!(["nobody"])),
        ("grant_types", json!([])),
        ("grant_types", json!(["client-credentials"])),
        ("grant_types", json!(["authorization_code"])),
        ("response_types", json!(["none of these"])),
        ("token_endpoint_auth_method", json!("self_signed_tls_client_auth")),
        ("code_challenge_method", json!("s256")),
        ("scope", json!("a\tb")),
        ("scope", json!("storage.read:/a/../b")),
        ("scope", json!("storage.read")),
        ("scope", json!("wlcg.groups:cms")),
        ("access_token_validity_seconds", json!(21_601)),
        ("refresh_token_validity_seconds", json!(34_560_001)),
    ] {
        let shown = value.to_string();
        let mut fields = json!({"client_name": "A client", "grant_types": ["client_credentials"]});
        fields[field] = value;
        let blamed = if shown.contains("authorization_code") { "redirect_uris" } else { field };
        match world.create("robot", patch(fields)) {
            Err(CreateClientError::Invalid(error)) => assert_eq!(error.field, blamed, "{shown:.60}"),
            other => panic!("{field} {shown:.60}: {other:?}"),
        }
    }
    for field in ["scope", "grant_types", "allow_introspection", "access_token_validity_seconds"] {
        let null = json!({field: null});
        assert!(serde_json::from_value::<ClientPatch>(null).is_err(), "null would neither set nor unset {field}");
    }
    assert!(serde_json::from_value::<ClientPatch>(json!({"client_secret": "mine"})).is_err());
    assert!(serde_json::from_value::<ClientPatch>(json!({"active": true})).is_err());
}

#[test]
fn every_grant_that_indigo_knows_can_be_stored() {
    let world = World::new();
    let grants: Vec<String> = GrantType::ALL.iter().map(|grant| grant.name().to_owned()).collect();
    let fields = ClientPatch {
        grant_types: Some(grants.clone()),
        redirect_uris: Some(vec!["edu.kit.data.oidc-agent:/redirect".into()]),
        ..ClientPatch::default()
    };
    let row = world.client("everything", "openid", fields);
    assert_eq!(object(&id("everything"), &row).unwrap().grant_types, grants);
}

#[test]
fn a_deleted_client_is_gone_and_its_tokens_stay_dead() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let token = world.token("robot");
    world.decided(|tx| delete(tx, &vo(), &id("robot"), &actor())).unwrap();
    assert_eq!(world.login("robot"), Err(ClientAuthError::UnknownClient));
    assert_eq!(world.decided(|tx| delete(tx, &vo(), &id("robot"), &actor())), Err(NoSuchClient));
    world.client("robot", "openid", ClientPatch::default());
    assert!(!world.active(&token), "a namesake does not revive them");
    assert!(world.active(&world.token("robot")));
}

#[test]
fn ids_are_unique_and_clients_are_listed_by_pages() {
    let world = World::new();
    for name in ["c", "a", "b"] {
        world.client(name, "openid", ClientPatch::default());
    }
    let again = world.create("a", patch(json!({"client_name": "Again", "grant_types": ["client_credentials"]})));
    assert_eq!(again.unwrap_err(), CreateClientError::Exists);
    let page = |after: Option<&str>| -> Vec<String> {
        let after = after.map(id);
        let page = world.store.look(|view| list(view, &vo(), after.as_ref(), 2)).unwrap();
        page.iter().map(|client| client.key.1.to_string()).collect()
    };
    assert_eq!(page(None), ["a", "b"]);
    assert_eq!(page(Some("b")), ["c"]);
}

#[test]
fn disabling_is_remembered_and_repeating_it_writes_nothing() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    world.disable("robot");
    let before: Revision = world.revision();
    world.disable("robot");
    assert_eq!(world.revision(), before);
    let row = world.store.look(|view| get(view, &vo(), &id("robot"))).unwrap().unwrap().row;
    assert_eq!((row.status_changed_ms, row.status_changed_by.as_str()), (START.0, "root"));
    let marker = world.store.look(|view| view.marker::<ClientNotBefore>(&(vo(), id("robot")))).unwrap();
    assert_eq!(marker, Some(before));
}

/// Pattern 5 of the bug history: two parsers. Of two members one name, one reader takes the first, another the last.
#[test]
fn a_key_set_is_stored_as_it_was_checked() {
    let world = World::new();
    let twice = r#"{"keys":[{"kty":"RSA","d":"AQ"}], "keys":[{"kty":"RSA","n":"AQ","e":"AQ"}]}"#;
    let row = world.client("signer", "openid", ClientPatch { jwk: Some(twice.into()), ..ClientPatch::default() });
    assert_eq!(row.jwk, r#"{"keys":[{"kty":"RSA","n":"AQ","e":"AQ"}]}"#);
}

/// Row 43 and 66 (secrets compared by `==`), I5: what ended stays ended in whichever order it is undone.
#[test]
fn what_was_issued_before_an_end_never_comes_back() {
    let world = World::new();
    let mut dead = Vec::new();
    let make = || drop(world.client("robot", "openid", ClientPatch::default()));
    let fresh = ClientSecret::from_random(&[1; 64]);
    make();
    for round in 0..6 {
        let token = world.token("robot");
        assert!(world.active(&token), "round {round}");
        dead.push(token);
        match round % 3 {
            0 => {
                world.disable("robot");
                world.decided(|tx| set_active(tx, &vo(), &id("robot"), true, &actor())).unwrap();
            }
            1 => {
                world.decided(|tx| delete(tx, &vo(), &id("robot"), &actor())).unwrap();
                make();
            }
            _ => {
                let ends = SecretEnds::SecretAndTokens;
                world.decided(|tx| rotate_secret(tx, &vo(), &id("robot"), &fresh, ends, &actor())).unwrap();
            }
        }
        assert!(dead.iter().all(|token| !world.active(token)), "round {round}");
    }
}

/// A client disabled, deleted and made again in one transaction with others: the marker lies at the commit, so what the
/// same state had issued before it is dead.
#[test]
fn a_token_of_the_very_state_that_the_end_was_decided_on_is_dead() {
    let world = World::new();
    world.client("robot", "openid", ClientPatch::default());
    let token = world.token("robot");
    let issued_at = world.revision();
    world.disable("robot");
    let marker = world.store.look(|view| view.marker::<ClientNotBefore>(&(vo(), id("robot")))).unwrap().unwrap();
    assert_eq!(marker, Revision(issued_at.0 + 1), "nothing lies between the state and the end");
    world.decided(|tx| set_active(tx, &vo(), &id("robot"), true, &actor())).unwrap();
    assert!(!world.active(&token));
}
