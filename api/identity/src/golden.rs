//! Golden files: what others depend on byte by byte. A difference is a change of the wire or of the disk, and needs
//! a migration or a note to users before the file is changed.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use prost::Message;
use serde_json::json;

use crate::client::{Client, ClientPatch};
use crate::discovery;
use crate::keys::SigningKey;
use crate::policy::ScopePolicy;
use crate::realm::secrets::RealmSecret;
use crate::realm::{Issuer, Realm};
use crate::testing::{START, World, new_realm};
use crate::token::Profile;
use crate::token::revoked::RevokedToken;
use crate::token::scene::Scene;

/// Compares with `golden/<name>`; `WOAD_GOLDEN=write` writes it.
pub(crate) fn compare(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("WOAD_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(actual, expected, "{name}");
}

#[test]
fn discovery_documents() {
    for (name, issuer) in [("slash", "https://vo.example.org/"), ("bare", "https://vo.example.org")] {
        let mut realm = new_realm("vo");
        realm.issuer = Issuer::parse(issuer).unwrap();
        let realm = World::with(&realm).realm().row;
        let json = serde_json::to_string_pretty(&discovery::document(&realm)).unwrap();
        compare(&format!("discovery-{name}.json"), &format!("{json}\n"));
    }
}

#[test]
fn claims_of_each_profile() {
    for (name, profile, include_nbf) in
        [("iam", Profile::Iam, false), ("iam-nbf", Profile::Iam, true), ("wlcg", Profile::Wlcg, false)]
    {
        let mut realm = new_realm("vo");
        realm.settings.default_profile = profile;
        realm.settings.include_nbf = include_nbf;
        let world = World::with(&realm);
        world.client("robot", "openid storage.read:/", ClientPatch::default());
        let robot = world.login("robot").unwrap();
        let mut lines = String::new();
        for (scopes, audience) in [(None, &[][..]), (Some("storage.read:/a"), &["one"]), (None, &["one two"])] {
            let token = world.prepare(&robot, scopes, audience, None).unwrap();
            lines.push_str(std::str::from_utf8(token.claims()).unwrap());
            lines.push('\n');
        }
        compare(&format!("claims-{name}.jsonl"), &lines);
    }
}

#[test]
fn tokens_of_a_person() {
    let scopes = "openid profile email attr wlcg.groups:/cms/uscms storage.read:/";
    for (name, profile, include_authn_info) in
        [("iam", Profile::Iam, false), ("iam-telling", Profile::Iam, true), ("wlcg", Profile::Wlcg, false)]
    {
        let mut realm = new_realm("vo");
        realm.settings.default_profile = profile;
        realm.settings.include_authn_info = include_authn_info;
        let scene = Scene::new(&realm, "openid profile email attr wlcg.groups storage.read:/");
        let permit = scene.permit(scopes);
        let id_token = scene.id_token(&permit, Some("a nonce"), true);
        let id_claims = BASE64_URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1).unwrap()).unwrap();
        let lines = [
            scene.text(&permit),
            String::from_utf8(id_claims).unwrap(),
            scene.userinfo(&scene.access(scopes)).unwrap().to_string(),
        ];
        compare(&format!("person-{name}.jsonl"), &(lines.join("\n") + "\n"));
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A client with every field set.
fn whole_client() -> Client {
    let world = World::new();
    let fields: ClientPatch = serde_json::from_value(json!({
        "client_name": "Whole client", "client_description": "Every field is set",
        "redirect_uris": ["https://a.example/cb"], "client_uri": "https://a.example/",
        "tos_uri": "https://a.example/tos", "policy_uri": "https://a.example/policy",
        "jwk": r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}"#, "contacts": ["a@a.example"],
        "grant_types": ["authorization_code", "client_credentials"], "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_jwt", "scope": "openid storage.read:/",
        "access_token_validity_seconds": 1, "refresh_token_validity_seconds": 2, "id_token_validity_seconds": 3,
        "device_code_validity_seconds": 4, "default_max_age": 5, "reuse_refresh_token": true,
        "allow_introspection": true, "clear_access_tokens_on_refresh": true, "require_auth_time": true,
        "code_challenge_method": "S256", "up_scoping_enabled": true,
        "post_logout_redirect_uris": ["https://a.example/bye"], "introspect_own_audience_only": true,
    }))
    .unwrap();
    let mut client = world.create("whole", fields).unwrap().client;
    client.jwks_uri = "https://a.example/jwks".into();
    client.dynamically_registered = true;
    client.last_used_ms = START.0 + 1;
    client.client_secret_expires_ms = START.0 + 2;
    client.status_changed_ms = START.0 + 3;
    client.status_changed_by = "root".into();
    client.registration_access_token_hash = vec![1; 4];
    client
}

#[test]
fn bytes_of_each_record() {
    let key = SigningKey { alg: 1, state: 1, public_jwk: "{}".into(), private_key: vec![1, 2], created_ms: 3 };
    let policy = ScopePolicy {
        description: "Everything is set".into(),
        rule: 2,
        matching: 3,
        account: vec![1; 16],
        group: vec![2; 16],
        scopes: vec!["openid".into(), "compute\\..*".into()],
        all_scopes: true,
        created_ms: 1,
        modified_ms: 2,
    };
    let revoked = RevokedToken { client_id: "robot".into(), expires_ms: 1, revoked_ms: 2 };
    let realm: Realm = World::new().realm().row;
    let records = [
        ("realm", realm.encode_to_vec()),
        ("realm secrets", RealmSecret { client_secret_key: vec![1, 2, 3] }.encode_to_vec()),
        ("signing key", key.encode_to_vec()),
        ("client", whole_client().encode_to_vec()),
        ("revoked token", revoked.encode_to_vec()),
        ("ended grant", crate::token::EndedGrant { expires_ms: 1 }.encode_to_vec()),
        ("scope policy", policy.encode_to_vec()),
    ];
    let lines = records.iter().fold(String::new(), |text, (name, bytes)| text + &format!("{name}: {}\n", hex(bytes)));
    compare("records.txt", &lines);
}

#[test]
fn the_client_object_shows_every_field_but_secrets() {
    let object = crate::client::object(&crate::testing::id("whole"), &whole_client()).unwrap();
    compare("client-object.json", &format!("{}\n", serde_json::to_string_pretty(&object).unwrap()));
}
