//! The way of a token: issued, verified by others, introspected, revoked.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use raft_store_core::Timestamp;
use serde_json::{Value, json};
use woad_http::Requires;

use crate::testing::{FORM, HOST_NAME, NOW_MS, World, basic, secret};

#[tokio::test]
async fn token_verifies_with_the_published_keys_and_carries_what_was_asked() {
    let world = World::new();
    let form = "grant_type=client_credentials&scope=storage.read%3A%2Fdata%2Fraw&audience=a&audience=b&expires_in=60";
    let answer = world.form("/token", "reader", form).await;
    let body = answer.json();
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 60);
    assert_eq!(body["scope"], "storage.read:/data/raw");

    let token = body["access_token"].as_str().unwrap();
    let keys: JwkSet = serde_json::from_str(&world.get("/jwk").await.text).unwrap();
    assert_eq!(keys.keys.len(), 2);
    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ), (Algorithm::ES256, None));
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["b"]);
    validation.set_issuer(&[format!("https://{HOST_NAME}/")]);
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
    let iat = NOW_MS / 1000;
    assert_eq!(claims["sub"], "reader");
    assert_eq!(claims["client_id"], "reader");
    assert_eq!(claims["aud"], json!(["a", "b"]));
    assert_eq!(claims["scope"], "storage.read:/data/raw");
    assert_eq!((claims["iat"].as_u64(), claims["exp"].as_u64()), (Some(iat), Some(iat + 60)));
}

#[tokio::test]
async fn both_secret_methods_work_where_they_are_registered() {
    let world = World::new();
    let headers = [("content-type", FORM)];
    let form = format!("grant_type=client_credentials&client_id=poster&client_secret={}", secret("poster"));
    assert_eq!(world.call("POST", "/token", &headers, &form).await.status, 200);
    let wrong_method = world.form("/token", "poster", "grant_type=client_credentials").await;
    assert_eq!(wrong_method.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn issuing_writes_nothing() {
    let world = World::new();
    let before = world.memory.kv().dump();
    world.token("reader", "").await;
    assert!(before == world.memory.kv().dump());
}

#[tokio::test]
async fn introspection_tells_a_live_token_apart() {
    let world = World::new();
    let token = world.token("reader", "").await;
    let answer = world.form("/introspect", "watcher", &format!("token={token}&token_type_hint=nonsense")).await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(body["active"], true);
    assert_eq!(body["client_id"], "reader");
    assert_eq!(body["scope"], "storage.read:/data wlcg.groups openid");
    assert_eq!(body["iss"], format!("https://{HOST_NAME}/"));

    let refused = world.form("/introspect", "reader", &format!("token={token}")).await;
    assert_eq!(refused.error(), (403, "access_denied".to_owned()));
}

async fn inactive(world: &World, token: &str) -> bool {
    let answer = world.form("/introspect", "watcher", &format!("token={token}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let inactive = answer.json()["active"] == false;
    assert!(!inactive || answer.text == r#"{"active":false}"#, "{}", answer.text);
    inactive
}

#[tokio::test]
async fn revoked_token_is_inactive() {
    let world = World::new();
    let (token, other) = (world.token("reader", "").await, world.token("reader", "").await);
    assert!(!inactive(&world, &token).await);
    let answer = world.form("/revoke", "reader", &format!("token={token}")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert!(inactive(&world, &token).await);
    assert!(!inactive(&world, &other).await);
    assert_eq!(world.form("/revoke", "reader", &format!("token={token}")).await.status, 200);
}

#[tokio::test]
async fn anothers_token_and_no_token_at_all_are_revoked_without_effect() {
    let world = World::new();
    let token = world.token("reader", "").await;
    let before = world.memory.kv().dump();
    for presented in [token.as_str(), "garbage", "a.b.c"] {
        assert_eq!(world.form("/revoke", "watcher", &format!("token={presented}")).await.status, 200);
    }
    assert!(before == world.memory.kv().dump());
    assert!(!inactive(&world, &token).await);
}

#[tokio::test]
async fn token_ends_with_its_time_and_with_its_client() {
    let world = World::new();
    let (short, long) = (world.token("reader", "&expires_in=60").await, world.token("reader", "").await);
    world.memory.set_now(Timestamp(NOW_MS + 60_000));
    assert!(inactive(&world, &short).await);
    assert!(!inactive(&world, &long).await);
    world.disable("reader");
    assert!(inactive(&world, &long).await);
    let refused = world.form("/token", "reader", "grant_type=client_credentials").await;
    assert_eq!(refused.error(), (401, "invalid_client".to_owned()));
    assert_eq!(refused.json()["error_description"], "Client reader is suspended");
    let headers = [("authorization", &*basic("reader", "wrong")), ("content-type", FORM)];
    let unproved = world.call("POST", "/token", &headers, "grant_type=client_credentials").await;
    assert_eq!(unproved.json()["error_description"], "Bad client credentials");
}

#[tokio::test]
async fn forged_truncated_and_foreign_tokens_are_inactive() {
    let world = World::new();
    world.realm("other", "other.example");
    world.client("other", "reader");
    let headers =
        [("host", "other.example"), ("authorization", &*basic("reader", &secret("reader"))), ("content-type", FORM)];
    let foreign = world.call("POST", "/token", &headers, "grant_type=client_credentials").await;
    let foreign = foreign.json()["access_token"].as_str().unwrap().to_owned();
    assert!(inactive(&world, &foreign).await);

    let token = world.token("reader", "").await;
    for cut in 1..=40 {
        assert!(inactive(&world, &token[..token.len() - cut]).await, "{cut}");
    }
    for forged in [format!("{token}A"), format!("{token}="), format!("{token}{token}"), token.to_uppercase()] {
        assert!(inactive(&world, &forged).await);
    }
    let huge = "a".repeat(40_000);
    assert!(inactive(&world, &huge).await);
}

#[tokio::test]
async fn discovery_is_the_realms_and_can_be_kept() {
    let world = World::new();
    let first = world.get("/.well-known/openid-configuration").await;
    let second = world.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(first.text, second.text);
    let body = first.json();
    assert_eq!(body["issuer"], format!("https://{HOST_NAME}/"));
    assert_eq!(body["token_endpoint"], format!("https://{HOST_NAME}/token"));
    let routes = crate::routes();
    let served: Vec<&str> = routes.declared().map(|(_, path, _)| path).collect();
    // The end of a session is a page, and pages are another crate's.
    let ours = |name: &str| name.ends_with("_endpoint") && name != "end_session_endpoint";
    for (name, url) in body.as_object().unwrap().iter().filter(|(name, _)| ours(name)) {
        let path = url.as_str().unwrap().strip_prefix(&format!("https://{HOST_NAME}")).unwrap();
        assert!(served.contains(&path), "{name} is advertised and not served");
    }
    let tag = first.headers["etag"].to_str().unwrap();
    let again = world.call("GET", "/.well-known/openid-configuration", &[("if-none-match", tag)], "").await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn keys_are_public_halves_and_can_be_kept() {
    let world = World::new();
    let answer = world.get("/jwk").await;
    assert_eq!(answer.headers["cache-control"], "max-age=21600, no-transform, must-revalidate");
    for key in answer.json()["keys"].as_array().unwrap() {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none());
        }
    }
    let tag = answer.headers["etag"].to_str().unwrap();
    assert_eq!(world.call("GET", "/jwk", &[("if-none-match", tag)], "").await.status, 304);
}

#[tokio::test]
async fn requests_and_tokens_are_counted() {
    let world = World::new();
    world.token("reader", "").await;
    world.form("/token", "reader", "grant_type=password").await;
    world.get("/nowhere/at/all").await;
    let text = prometheus::TextEncoder::new().encode_to_string(&world.registry.gather()).unwrap();
    for line in [
        r#"woad_tokens_total{grant="client_credentials",outcome="issued"} 1"#,
        r#"woad_tokens_total{grant="unknown",outcome="refused"} 1"#,
        r#"woad_http_requests_total{code="200",method="POST",route="/token"} 1"#,
        r#"woad_http_requests_total{code="404",method="GET",route="other"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn every_route_says_what_it_requires() {
    let declared: Vec<_> =
        crate::routes().declared().map(|(method, path, requires)| format!("{method} {path} {requires:?}")).collect();
    assert_eq!(
        declared,
        [
            "GET /.well-known/openid-configuration Public",
            "GET /.well-known/oauth-authorization-server Public",
            "GET /jwk Public",
            "GET /authorize Page",
            "POST /authorize Page",
            "GET /userinfo AccessToken",
            "POST /userinfo AccessToken",
            "POST /token ClientCredentials",
            "POST /introspect ClientCredentials",
            "POST /revoke ClientCredentials",
        ]
    );
    let form: Vec<_> =
        crate::routes().declared().filter(|(.., requires)| *requires == Requires::Operator).map(|all| all.1).collect();
    assert!(form.is_empty());
}
