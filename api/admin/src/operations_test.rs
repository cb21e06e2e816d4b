//! Operations over the wire: what they do, and the problem that answers bad input.

use axum::body::Body;
use http::Request;
use serde_json::json;
use woad_http::{Peer, Requires};

use crate::testing::{TOKEN, World};

const CLIENT: &str =
    r#"{"client_id":"job","client":{"client_name":"a job","grant_types":["client_credentials"],"scope":"openid"}}"#;

#[tokio::test]
async fn a_node_without_a_cluster_says_so() {
    let world = World::fresh();
    for path in ["/v1/cluster", "/v1/realms", "/v1/realms/vo/clients"] {
        assert_eq!(world.get(path).await.problem(), (409, "uninitialised".to_owned()), "{path}");
    }
    let made = world.post("/v1/cluster/init", "").await;
    assert_eq!((made.status.as_u16(), made.json()), (201, json!({"recovery_bundle": {"format": "bundle"}})));
    assert_eq!(world.post("/v1/cluster/init", "").await.problem(), (409, "initialised".to_owned()));
    assert_eq!(world.get("/v1/cluster").await.json()["leader"], 1);
}

#[tokio::test]
async fn only_operators_are_let_in() {
    let world = World::new().await;
    let routes = crate::routes();
    for (method, path, requires) in routes.declared() {
        assert_eq!(requires, Requires::Operator);
        for (authorization, allowed) in [(None, false), (Some("Bearer wrong"), false), (Some(TOKEN), false)] {
            let mut request = Request::builder().method(method).uri(path.replace(['{', '}'], ""));
            request = request.extension(Peer::Tcp("127.0.0.1:5".parse().unwrap()));
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.problem(), (401, "unauthorized".to_owned()), "{method} {path} {allowed}");
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
    let request = Request::builder().uri("/v1/cluster").header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn the_cluster_is_operated() {
    let world = World::new().await;
    let token = world.post("/v1/cluster/join-tokens", r#"{"valid_seconds":60}"#).await;
    assert_eq!((token.status.as_u16(), token.json()), (201, json!({"token": "join", "expires_ms": 60_000})));
    assert_eq!(world.post("/v1/cluster/join-tokens", "").await.json()["expires_ms"], 3_600_000);
    assert_eq!(world.post("/v1/cluster/transfer", r#"{"to":2}"#).await.json(), json!({"leader": 2}));
    let removed = world.call("DELETE", "/v1/cluster/members/1", &[], "").await;
    assert_eq!((removed.status.as_u16(), removed.json()["recovery_bundle"]["format"].as_str()), (200, Some("test")));
    assert_eq!(world.call("DELETE", "/v1/cluster/members/1?destroyed=true", &[], "").await.status, 204);
    assert_eq!(world.call("DELETE", "/v1/cluster/members/1?destroyed=1", &[], "").await.status, 400);
    let rotated = world.call("POST", "/v1/cluster/rotate-key", &[], "").await;
    assert_eq!((rotated.status.as_u16(), rotated.json()["recovery_bundle"]["format"].as_str()), (202, Some("test")));
    assert_eq!(world.call("POST", "/v1/cluster/rotate-ca", &[], "").await.status, 409);
    let left = world.call("POST", "/v1/cluster/finish-rotation", &[], "").await;
    assert_eq!(left.json()["left_behind"], serde_json::json!([2]));
    for (node, status, kind) in [("2", 409, "unsafe"), ("9", 404, "no-such-member"), ("x", 404, "no-such-member")] {
        let path = format!("/v1/cluster/members/{node}");
        assert_eq!(world.call("DELETE", &path, &[], "").await.problem(), (status, kind.to_owned()));
    }
    for bad in [r#"{"valid_seconds":0}"#, r#"{"valid_seconds":99999999}"#, r#"{"valid":1}"#, "[]", "x"] {
        assert_eq!(world.post("/v1/cluster/join-tokens", bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn realms_are_made_and_shown() {
    let world = World::with_realm().await;
    let realm = world.get("/v1/realms/vo").await.json();
    assert_eq!(realm["issuer"], "https://iam.example.org/");
    assert_eq!(realm["hosts"], json!(["iam.example.org"]));
    assert_eq!(realm["settings"]["access_token_alg"], "ES256");
    assert_eq!(world.get("/v1/realms").await.json(), json!({"realms": [realm]}));
    let keys = world.get("/v1/realms/vo/keys").await.json();
    let algs: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algs, ["ES256", "RS256"]);
    assert!(!keys.to_string().contains("\"d\""));
    assert_eq!(world.get("/v1/realms/other").await.problem(), (404, "no-such-realm".to_owned()));
    let events = world.get("/v1/realms/vo/audit").await.json();
    assert_eq!(events["events"][0]["event"]["what"], "realm.create");
    assert_eq!(events["events"][0]["event"]["actor"], json!({"kind": "operator", "id": "local:0"}));
}

#[tokio::test]
async fn realms_that_cannot_be_are_refused() {
    let world = World::with_realm().await;
    let with = |issuer: &str, more: &str| format!(r#"{{"id":"b","issuer":"{issuer}"{more}}}"#);
    let b = "https://b.example";
    let table = [
        (r#"{"id":"vo","issuer":"https://b.example"}"#.to_owned(), 409, "exists"),
        (with("https://iam.example.org/", ""), 409, "host-taken"),
        (with("http://b.example", ""), 400, "invalid-realm"),
        (with("https://b.example/path", ""), 400, "invalid-realm"),
        (with(b, r#","hosts":["c.example"]"#), 400, "invalid-realm"),
        (with(b, r#","hosts":["b.example","a b"]"#), 400, "invalid-realm"),
        (with(b, r#","settings":{"access_token_alg":"none"}"#), 400, "invalid-realm"),
        (with(b, r#","settings":{"default_profile":"kc"}"#), 400, "invalid-realm"),
        (with(b, r#","settings":{"grace_ms":99999999}"#), 400, "invalid-realm"),
        (with(b, r#","display_name":"a\u202eb""#), 400, "invalid-realm"),
        (r#"{"id":"A B","issuer":"https://b.example"}"#.to_owned(), 400, "invalid-realm"),
        (with(b, r#","unknown":1"#), 400, "about:blank"),
        (with(b, r#","id":"c""#), 400, "about:blank"),
        (r#"{"id":"b"}"#.to_owned(), 400, "about:blank"),
        (String::new(), 400, "about:blank"),
    ];
    for (body, status, kind) in table {
        let answer = world.post("/v1/realms", &body).await;
        assert_eq!(answer.problem(), (status, kind.to_owned()), "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_client_lives_its_life() {
    let world = World::with_realm().await;
    let made = world.post("/v1/realms/vo/clients", CLIENT).await;
    assert_eq!((made.status.as_u16(), &made.headers["location"]), (201, &"/v1/realms/vo/clients/job".parse().unwrap()));
    let secret = made.json()["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 86);
    let shown = world.get("/v1/realms/vo/clients/job").await;
    assert_eq!(shown.json(), made.json()["client"]);
    assert!(!shown.text.contains("secret\":"));

    let change = r#"{"scope":"openid email","access_token_validity_seconds":600}"#;
    let changed = world.call("PATCH", "/v1/realms/vo/clients/job", &[], change).await;
    assert_eq!(changed.json()["scope"], "openid email");
    assert_eq!(world.post("/v1/realms/vo/clients/job/disable", "").await.json()["active"], false);
    assert_eq!(world.post("/v1/realms/vo/clients/job/enable", "").await.json()["active"], true);
    let rotated = world.post("/v1/realms/vo/clients/job/rotate-secret", r#"{"end_tokens":true}"#).await;
    assert_ne!(rotated.json()["client_secret"], secret.as_str());
    assert_eq!(world.call("DELETE", "/v1/realms/vo/clients/job", &[], "").await.status, 204);
    for (method, path) in [
        ("GET", "/v1/realms/vo/clients/job"),
        ("DELETE", "/v1/realms/vo/clients/job"),
        ("POST", "/v1/realms/vo/clients/job/disable"),
        ("POST", "/v1/realms/vo/clients/job/rotate-secret"),
        ("GET", "/v1/realms/vo/clients/a%20b"),
    ] {
        assert_eq!(world.call(method, path, &[], "").await.problem(), (404, "no-such-client".to_owned()), "{path}");
    }
    let events = world.get("/v1/realms/vo/audit?from=2").await.json();
    let whats: Vec<_> =
        events["events"].as_array().unwrap().iter().map(|event| event["event"]["what"].as_str().unwrap()).collect();
    let names =
        ["create", "update", "disable", "enable", "rotate_secret", "delete"].map(|name| format!("client.{name}"));
    assert_eq!(whats, names);
}

#[tokio::test]
async fn clients_come_in_pages() {
    let world = World::with_realm().await;
    for id in ["a", "b", "host%2Fc"] {
        let body = CLIENT.replace("\"job\"", &format!("\"{}\"", id.replace("%2F", "/")));
        assert_eq!(world.post("/v1/realms/vo/clients", &body).await.status, 201);
    }
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["clients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|client| client["client_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = world.get("/v1/realms/vo/clients?count=2").await.json();
    assert_eq!((ids(&first), &first["next"]), (vec!["a".to_owned(), "b".to_owned()], &json!("b")));
    let second = world.get("/v1/realms/vo/clients?count=2&after=b").await.json();
    assert_eq!((ids(&second), second.get("next")), (vec!["host/c".to_owned()], None));
    assert_eq!(world.get("/v1/realms/vo/clients/host%2Fc").await.json()["client_id"], "host/c");
    for bad in ["count=0", "count=101", "count=x", "count=-1", "after=", "after=%20", "count=1&count=2"] {
        let status = world.get(&format!("/v1/realms/vo/clients?{bad}")).await.status;
        assert_eq!(status, if bad == "after=" { 200 } else { 400 }, "{bad}");
    }
}

#[tokio::test]
async fn a_create_that_is_sent_again_makes_nothing_twice() {
    let world = World::with_realm().await;
    let key = [("idempotency-key", "9c0e1b1e")];
    let body = r#"{"client":{"client_name":"drawn","grant_types":["client_credentials"]}}"#;
    let first = world.call("POST", "/v1/realms/vo/clients", &key, body).await;
    let again = world.call("POST", "/v1/realms/vo/clients", &key, body).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.json()["client"], again.json()["client"]);
    assert!(first.json().get("client_secret").is_some() && again.json().get("client_secret").is_none());
    assert!(again.json()["note"].as_str().unwrap().contains("rotate"));
    assert_eq!(world.get("/v1/realms/vo/clients").await.json()["clients"].as_array().unwrap().len(), 1);
    let other = world.call("POST", "/v1/realms/vo/clients", &key, CLIENT).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
    let bad = world.call("POST", "/v1/realms/vo/clients", &[("idempotency-key", "a b")], CLIENT).await;
    assert_eq!(bad.status, 400);

    let realm = r#"{"id":"b","issuer":"https://b.example"}"#;
    for replayed in [false, true] {
        let answer = world.call("POST", "/v1/realms", &key, realm).await;
        assert_eq!((answer.status.as_u16(), answer.headers.contains_key("idempotency-replayed")), (201, replayed));
    }
    assert_eq!(world.post("/v1/realms", realm).await.problem(), (409, "exists".to_owned()));
}

/// As the holder of the operator token, by TCP.
async fn by_token(world: &World, path: &str, key: &str, body: &str) -> crate::testing::Answer {
    let request = Request::builder().method("POST").uri(path).extension(Peer::Tcp("127.0.0.1:5".parse().unwrap()));
    let request = request.header("authorization", format!("Bearer {TOKEN}")).header("idempotency-key", key);
    let request = request.header("content-type", "application/json").body(Body::from(body.to_owned()));
    world.send(request.unwrap()).await
}

/// An answer is given again to who got it first, in the realm it was given in.
#[tokio::test]
async fn a_remembered_create_is_its_operators_and_its_realms_alone() {
    let world = World::with_realm().await;
    let made = world.post("/v1/realms", r#"{"id":"b","issuer":"https://b.example"}"#).await;
    assert_eq!(made.status, 201);
    let body = r#"{"client":{"client_name":"drawn","grant_types":["client_credentials"]}}"#;
    let path = "/v1/realms/vo/clients";
    let first = world.call("POST", path, &[("idempotency-key", "k")], body).await;
    let elsewhere = world.call("POST", "/v1/realms/b/clients", &[("idempotency-key", "k")], body).await;
    let other = by_token(&world, path, "k", body).await;
    let id = |answer: &crate::testing::Answer| answer.json()["client"]["client_id"].as_str().unwrap().to_owned();
    for answer in [&first, &elsewhere, &other] {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert!(!answer.headers.contains_key("idempotency-replayed") && answer.json().get("client_secret").is_some());
    }
    assert!(id(&first) != id(&other) && id(&first) != id(&elsewhere));
    let again = by_token(&world, path, "k", body).await;
    assert_eq!((id(&again), again.json().get("client_secret")), (id(&other), None));
    // What was made and is gone is not made again.
    assert_eq!(world.call("DELETE", &format!("{path}/{}", id(&first)), &[], "").await.status, 204);
    let gone = world.call("POST", path, &[("idempotency-key", "k")], body).await;
    assert_eq!(gone.problem(), (404, "no-such-client".to_owned()));
}

/// OP06: whatever an id holds, its place names it and nothing else.
#[tokio::test]
async fn a_client_is_found_where_its_creation_said() {
    let world = World::with_realm().await;
    for client in ["a/b", "a?b=c#d", "a%2Fb", "..%2f..", "a;b", "a//b", "%00", "...", "a\\\\b"] {
        let body = CLIENT.replace("\"job\"", &format!("\"{client}\""));
        let made = world.post("/v1/realms/vo/clients", &body).await;
        assert_eq!(made.status, 201, "{client}: {}", made.text);
        let at = made.headers["location"].to_str().unwrap();
        let shown = world.get(at).await;
        assert_eq!(shown.json()["client_id"], made.json()["client"]["client_id"], "{client} {at}");
        assert_eq!(world.call("DELETE", at, &[], "").await.status, 204, "{client} {at}");
    }
    for client in [".", ".."] {
        let body = CLIENT.replace("\"job\"", &format!("\"{client}\""));
        assert_eq!(world.post("/v1/realms/vo/clients", &body).await.status, 400, "{client}");
    }
}

/// Null in a change would neither set nor unset: an operator who means to take scopes away must hear of it.
#[tokio::test]
async fn null_in_a_change_is_refused() {
    let world = World::with_realm().await;
    world.post("/v1/realms/vo/clients", CLIENT).await;
    for field in ["scope", "grant_types", "allow_introspection"] {
        let change = format!("{{\"{field}\":null}}");
        let answer = world.call("PATCH", "/v1/realms/vo/clients/job", &[], &change).await;
        assert_eq!(answer.status, 400, "{field}");
    }
    assert_eq!(world.get("/v1/realms/vo/clients/job").await.json()["scope"], "openid");
}

#[tokio::test]
async fn bad_clients_are_refused() {
    let world = World::with_realm().await;
    let client = |field: &str| format!(r#"{{"client":{{"client_name":"name",{field}}}}}"#);
    let table = [
        (client(r#""grant_types":["magic"]"#), "invalid-client"),
        (client(r#""grant_types":["authorization_code"]"#), "invalid-client"),
        (client(r#""redirect_uris":["javascript:alert(1)"]"#), "invalid-client"),
        (client(r#""scope":"a\u0000""#), "invalid-client"),
        (client(r#""token_endpoint_auth_method":"trust-me""#), "invalid-client"),
        (client(r#""client_secret":"mine""#), "about:blank"),
        (client(r#""active":true"#), "about:blank"),
        (client(r#""scope":"a","scope":"b""#), "about:blank"),
        (client(r#""scope":7"#), "about:blank"),
        (r#"{"client_id":"a b","client":{}}"#.to_owned(), "about:blank"),
        ("{} {}".to_owned(), "about:blank"),
        ("\u{feff}{}".to_owned(), "about:blank"),
        ("[".repeat(10_000), "about:blank"),
    ];
    for (body, kind) in table {
        let answer = world.post("/v1/realms/vo/clients", &body).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{shown}: {}", answer.text);
    }
    let none = world.post("/v1/realms/none/clients", CLIENT).await;
    assert_eq!(none.problem(), (404, "no-such-realm".to_owned()));
    let large = world.post("/v1/realms/vo/clients", &" ".repeat(1024 * 1024 + 1)).await;
    assert_eq!(large.status, 413);
    let form = world.call("POST", "/v1/realms/vo/clients", &[("content-type", "text/plain")], CLIENT).await;
    assert_eq!(form.status, 415);
}

#[tokio::test]
async fn paths_and_methods_are_answered_with_problems() {
    let world = World::new().await;
    assert_eq!(world.get("/v1/nothing").await.problem().0, 404);
    assert_eq!(world.get("//v1/realms").await.problem().0, 400);
    let wrong = world.call("PUT", "/v1/realms", &[], "").await;
    assert_eq!(wrong.problem().0, 405);
    assert!(wrong.headers["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(wrong.headers["cache-control"], "no-store");
}
