//! What is said of a client when it is made and when it is changed, its key set among it.

use raft_store_core::Outcome;
use serde_json::Value;
use woad_identity::ClientId;
use woad_identity::client::{self, Client, ClientPatch, ClientSecret, NewClient};

use crate::Target;
use crate::world::{actor, world};

/// See [`target`].
pub const TARGET: Target = Target {
    name: "client_metadata",
    run: target,
    seeds,
    words: &[
        "\"jwk\":", "\\\"keys\\\":[", "\\\"d\\\":\\\"AA\\\"", "\"scope\":\"", "storage.read:/a/../b", "redirect_uris", "https://", "http://localhost", "null", "javascript:",
        "\"grant_types\":[\"implicit\"]", "client_credentials", "private_key_jwt", "\\u0000", "]", "}", "4294967295",
    ],
    rounds: 3000,
};

fn seeds() -> Vec<Vec<u8>> {
    let es = include_str!("../../fixtures/es256.jwk");
    let rsa = include_str!("../../fixtures/rs256.jwk");
    let with_key = serde_json::json!({
        "client_name": "Robot", "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
        "jwk": format!("{{\"keys\":[{es},{rsa}]}}"), "scope": "openid storage.read:/a",
    });
    let mut seeds = crate::texts(&[
        r#"{"client_name":"Application","grant_types":["authorization_code","refresh_token"],"redirect_uris":["https://rp.example/cb?a=b","http://127.0.0.1:8080/cb","com.example.app:/cb"],"response_types":["code"],"scope":"openid profile offline_access","contacts":["a@example.org"],"client_uri":"https://rp.example/","access_token_validity_seconds":600,"code_challenge_method":"S256"}"#,
        r#"{"client_name":"None","grant_types":["client_credentials"],"token_endpoint_auth_method":"none","post_logout_redirect_uris":["https://rp.example/out"],"jwks_uri":"https://rp.example/jwks","reuse_refresh_token":true,"default_max_age":5}"#,
    ]);
    seeds.push(with_key.to_string().into_bytes());
    seeds
}

fn private(value: &Value) -> bool {
    let names = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| names.contains(&name.as_str()) || private(value)),
        Value::Array(values) => values.iter().any(private),
        _ => false,
    }
}

fn check(client: &Client) {
    if !client.jwk.is_empty() {
        let set: Value = serde_json::from_str(&client.jwk).expect("a kept key set is JSON");
        assert!(!private(&set), "no private key is kept");
    }
    for uri in &client.redirect_uris {
        let url = url::Url::parse(uri).expect("a kept redirect URI is one");
        assert!(!matches!(url.scheme(), "javascript" | "data" | "vbscript" | "file" | "about" | "blob"), "{uri}");
        assert!(url.fragment().is_none() && !uri.contains('#'), "{uri}");
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri:?}");
    }
    client.scopes().expect("kept scopes can be read");
    client.auth_method().expect("a kept method can be read");
}

/// Any JSON: refused, or a client whose record holds what everything that reads it relies on.
pub fn target(data: &[u8]) {
    let Ok(fields) = serde_json::from_slice::<ClientPatch>(data) else { return };
    let (store, realm) = (&world().store, &world().realm);
    let new = NewClient { id: ClientId::parse("robot").unwrap(), fields, dynamically_registered: false };
    let secret = ClientSecret::from_random(&[1; 64]);
    // Decided as if it were made, and not made: the next input finds the same realm.
    let made = store.run(|tx| match client::create(tx, realm, &new, &secret, &actor())? {
        Outcome::Commit(made) | Outcome::Answer(made) => Ok(Outcome::Answer(made)),
    });
    let Ok(made) = made.unwrap() else { return };
    check(&made.client);
    client::object(&new.id, &made.client).expect("a kept client can be shown");
}
