//! People over the wire: what operations do to them, and the problem that answers bad input.

use serde_json::{Value, json};

use crate::testing::World;

const ALICE: &str = r#"{
    "user_name": "alice", "name": {"given": "Alice", "family": "Doe"},
    "emails": [{"value": "alice@example.org", "primary": true}], "affiliation": "CERN",
    "attributes": [{"name": "shell", "value": "sh"}], "labels": [{"prefix": "a.b", "name": "c", "value": "d"}]
}"#;
const USERS: &str = "/v1/realms/vo/users";

async fn with_alice() -> World {
    let world = World::with_realm().await;
    let made = world.post(USERS, ALICE).await;
    assert_eq!(made.status, 201, "{}", made.text);
    world
}

/// The last audit events' kinds, oldest first.
async fn whats(world: &World, from: u64) -> Vec<String> {
    let events = world.get(&format!("/v1/realms/vo/audit?from={from}")).await.json();
    let what = |event: &Value| event["event"]["what"].as_str().unwrap().to_owned();
    events["events"].as_array().unwrap().iter().map(what).collect()
}

#[tokio::test]
async fn a_person_is_found_by_id_and_by_name() {
    let world = with_alice().await;
    let shown = world.get("/v1/realms/vo/users/name:ALICE").await.json();
    let id = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("{USERS}/{id}")).await.json(), shown);
    assert_eq!(world.get(&format!("{USERS}/{}", id.to_uppercase())).await.json(), shown);
    for (field, value) in [
        ("user_name", json!("alice")),
        ("status", json!("active")),
        ("active", json!(true)),
        ("affiliation", json!("CERN")),
        ("administrator", json!(false)),
        ("groups", json!([])),
        ("attributes", json!([{"name": "shell", "value": "sh"}])),
        ("labels", json!([{"prefix": "a.b", "name": "c", "value": "d"}])),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    assert_eq!(shown["name"]["family"], "Doe");
    assert_eq!(shown["emails"][0]["value"], "alice@example.org");
    for nobody in ["name:bob", "bob", "name:", "00000000-0000-0000-0000-000000000000", "..", "name:a%00"] {
        let answer = world.get(&format!("{USERS}/{nobody}")).await;
        assert!(matches!(answer.status.as_u16(), 404 | 400), "{nobody}: {}", answer.text);
    }
    assert_eq!(world.get("/v1/realms/none/users/name:alice").await.problem(), (404, "no-such-realm".to_owned()));
}

#[tokio::test]
async fn people_come_in_pages_and_by_what_they_have() {
    let world = with_alice().await;
    for name in ["bob", "carol"] {
        assert_eq!(world.post(USERS, &json!({ "user_name": name }).to_string()).await.status, 201);
    }
    let mut names = Vec::new();
    let mut path = format!("{USERS}?count=2");
    loop {
        let page = world.get(&path).await.json();
        names.extend(
            page["users"].as_array().unwrap().iter().map(|user| user["user_name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.get("next") else { break };
        path = format!("{USERS}?count=2&after={}", next.as_str().unwrap());
    }
    names.sort();
    assert_eq!(names, ["alice", "bob", "carol"]);
    for (query, count) in [("name=Alice", 1), ("email=ALICE@example.org", 1), ("name=dave", 0), ("email=x", 0)] {
        let found = world.get(&format!("{USERS}?{query}")).await.json();
        assert_eq!(found["users"].as_array().unwrap().len(), count, "{query}");
    }
    for bad in ["count=0", "count=501", "after=x", "name=a&email=b", "count=1&count=1"] {
        assert_eq!(world.get(&format!("{USERS}?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn fields_are_changed_one_by_one() {
    let world = with_alice().await;
    let at = "/v1/realms/vo/users/name:alice";
    let change = |body: Value| body.to_string();
    let changed = world.call("PATCH", at, &[], &change(json!({"display_name": "A", "emails": []}))).await.json();
    assert_eq!((&changed["display_name"], &changed["emails"]), (&json!("A"), &json!([])));
    assert_eq!(changed["name"]["given"], "Alice");

    // A name in the path may be the one that is changed.
    let renamed = world.call("PATCH", at, &[], r#"{"user_name":"alicia"}"#).await;
    assert_eq!(renamed.json()["user_name"], "alicia", "{}", renamed.text);
    let at = "/v1/realms/vo/users/name:alicia";
    let revision = renamed.json()["revision"].as_u64().unwrap();

    let stale = [("if-match", "\"1\"")];
    let answer = world.call("PATCH", at, &stale, r#"{"title":"Dr"}"#).await;
    assert_eq!(answer.problem(), (412, "changed".to_owned()));
    let fresh = format!("\"{revision}\"");
    let answer = world.call("PATCH", at, &[("if-match", &fresh)], r#"{"title":"Dr"}"#).await;
    assert_eq!(answer.json()["title"], "Dr");
    for bad in ["1", "W/\"1\"", "\"x\""] {
        assert_eq!(world.call("PATCH", at, &[("if-match", bad)], r#"{"title":"Dr"}"#).await.status, 400, "{bad}");
    }
    for (body, kind) in [
        (r#"{"title":null}"#, "about:blank"),
        (r#"{"status":"active"}"#, "about:blank"),
        (r#"{"administrator":true}"#, "about:blank"),
        (r#"{"password":"correct horse"}"#, "about:blank"),
        (r#"{"emails":[["a@x"]]}"#, "about:blank"),
        (r#"{"emails":[{"value":"a@x","value":"b@x"}]}"#, "about:blank"),
        (r#"{"emails":[{"value":"no address"}]}"#, "invalid-user"),
        (r#"{"user_name":""}"#, "invalid-user"),
        (r#"{"attributes":[{"name":"1","value":"x"}]}"#, "invalid-user"),
    ] {
        let answer = world.call("PATCH", at, &[], body).await;
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn nobody_is_made_twice() {
    let world = with_alice().await;
    let id = world.get("/v1/realms/vo/users/name:alice").await.json()["id"].as_str().unwrap().to_owned();
    let other = "6f1d2c3b-0a9e-4d57-8c11-000000000001";
    for (body, kind) in [
        (json!({"user_name": "Alice"}), "exists"),
        (json!({"id": id, "user_name": "other"}), "exists"),
        (json!({"id": other, "user_name": "alice"}), "name-taken"),
        (json!({"user_name": "alice@example.org"}), "name-taken"),
        (json!({"user_name": "bob", "emails": [{"value": "ALICE@example.org"}]}), "email-taken"),
    ] {
        let answer = world.post(USERS, &body.to_string()).await;
        assert_eq!(answer.problem(), (409, kind.to_owned()), "{body}: {}", answer.text);
    }
    let key = [("idempotency-key", "k")];
    for replayed in [false, true] {
        let answer = world.call("POST", USERS, &key, r#"{"user_name":"bob"}"#).await;
        assert_eq!((answer.status.as_u16(), answer.headers.contains_key("idempotency-replayed")), (201, replayed));
        assert_eq!(
            answer.headers["location"].to_str().unwrap(),
            format!("{USERS}/{}", answer.json()["id"].as_str().unwrap())
        );
    }
    for (body, kind) in [
        (r#"{"user_name":"x","id":"1"}"#, "invalid-user"),
        (r#"{"user_name":"x","provenance":"me"}"#, "invalid-user"),
        (r#"{"display_name":"x"}"#, "invalid-user"),
        (r#"{"user_name":"x","unknown":1}"#, "about:blank"),
        (r#"{"user_name":"x","password":"short"}"#, "password-refused"),
        (r#"{"user_name":"x","end_time_ms":0}"#, "invalid-user"),
        (r#"{"user_name":"x","ssh_keys":[{"value":"command=\"rm\" ssh-ed25519 AAAA"}]}"#, "invalid-user"),
        (r#"{"user_name":"x","certificates":[{"subject":"CN=a"}]}"#, "invalid-user"),
        (r#"{"user_name":"x","certificates":[{"pem":"x"}]}"#, "invalid-user"),
        (r#"{"user_name":"x","linked":[{"kind":"ldap","issuer":"a","subject":"b"}]}"#, "about:blank"),
        ("[]", "about:blank"),
    ] {
        let answer = world.post(USERS, body).await;
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{body}: {}", answer.text);
    }
    assert_eq!(world.get("/v1/realms/vo/users?name=x").await.json()["users"], json!([]));
}

#[tokio::test]
async fn an_import_brings_everything_at_once() {
    let world = World::with_realm().await;
    let body = json!({
        "id": "6f1d2c3b-0a9e-4d57-8c11-000000000001", "user_name": "root", "active": true, "administrator": true,
        "provenance": "import", "end_time_ms": 1_900_000_000_000_u64,
        "certificates": [{"subject": "CN=Root,O=Grid", "issuer": "CN=CA,O=Grid", "label": "grid"}],
        "linked": [{"kind": "oidc", "issuer": "https://idp.example.org", "subject": "42"}],
    });
    // The only administrator may not end.
    let refused = world.post(USERS, &body.to_string()).await;
    assert_eq!(refused.problem(), (409, "last-administrator".to_owned()));
    assert_eq!(world.get(USERS).await.json()["users"], json!([]));

    assert_eq!(world.post(USERS, r#"{"user_name":"first","administrator":true}"#).await.status, 201);
    let made = world.post(USERS, &body.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!((&made["administrator"], &made["end_time_ms"]), (&json!(true), &json!(1_900_000_000_000_u64)));
    assert_eq!(made["certificates"][0]["subject"], "CN=Root,O=Grid");
    assert_eq!(made["linked"], json!([{"kind": "oidc", "issuer": "https://idp.example.org", "subject": "42"}]));

    let mut twin = body;
    twin["id"] = json!("6f1d2c3b-0a9e-4d57-8c11-000000000002");
    twin["user_name"] = json!("twin");
    assert_eq!(world.post(USERS, &twin.to_string()).await.problem(), (409, "identity-taken".to_owned()));
}

#[tokio::test]
async fn a_persons_states_are_set() {
    let world = with_alice().await;
    let at = |what: &str| format!("/v1/realms/vo/users/name:alice{what}");
    assert_eq!(world.post(&at("/suspend"), "").await.json()["status"], "suspended");
    assert_eq!(world.post(&at("/restore"), "").await.json()["status"], "active");
    let ended = world.call("PUT", &at("/end-time"), &[], r#"{"end_time_ms":1900000000000}"#).await.json();
    assert_eq!(ended["end_time_ms"], 1_900_000_000_000_u64);
    assert_eq!(world.call("PUT", &at("/end-time"), &[], r#"{"end_time_ms":0}"#).await.status, 400);
    assert_eq!(world.call("DELETE", &at("/end-time"), &[], "").await.json().get("end_time_ms"), None);
    let granted = world.call("PUT", &at("/authorities/reader"), &[], "").await.json();
    assert_eq!(granted["reader"], true);
    assert_eq!(world.call("DELETE", &at("/authorities/reader"), &[], "").await.json()["reader"], false);
    let wrong = world.call("PUT", &at("/authorities/root"), &[], "").await;
    assert_eq!(wrong.problem(), (404, "no-such-authority".to_owned()));
    assert_eq!(world.get(&at("/sessions")).await.json(), json!({"sessions": []}));
    assert_eq!(world.call("DELETE", &at("/sessions"), &[], "").await.json(), json!({"ended": 0}));
    assert_eq!(whats(&world, 0).await.last().unwrap(), "user.end_access", "without a session too: tokens end");
    let none = world.call("DELETE", &at("/sessions/AAAAAAAAAAAAAAAA"), &[], "").await;
    assert_eq!(none.problem(), (404, "no-such-session".to_owned()));
    assert_eq!(world.call("DELETE", &at(""), &[], "").await.status, 204);
    for (method, what) in [("GET", ""), ("DELETE", ""), ("POST", "/suspend"), ("GET", "/sessions")] {
        assert_eq!(world.call(method, &at(what), &[], "").await.problem(), (404, "no-such-user".to_owned()), "{what}");
    }
    let whats = whats(&world, 2).await;
    let names = ["create", "suspend", "restore", "set_end_time", "set_end_time"].map(|name| format!("user.{name}"));
    assert_eq!(&whats[..5], names, "{whats:?}");
    assert!(whats.iter().any(|what| what == "user.delete"), "{whats:?}");
}

#[tokio::test]
async fn a_realm_keeps_its_last_administrator() {
    let world = with_alice().await;
    let at = |what: &str| format!("/v1/realms/vo/users/name:alice{what}");
    world.call("PUT", &at("/authorities/administrator"), &[], "").await;
    for (method, what, body) in [
        ("POST", "/suspend", ""),
        ("DELETE", "", ""),
        ("DELETE", "/authorities/administrator", ""),
        ("PUT", "/end-time", r#"{"end_time_ms":1900000000000}"#),
        ("PATCH", "", r#"{"active":false}"#),
    ] {
        let answer = world.call(method, &at(what), &[], body).await;
        assert_eq!(answer.problem(), (409, "last-administrator".to_owned()), "{method} {what}");
    }
}

#[tokio::test]
async fn a_password_is_set_under_the_policy_and_never_shown() {
    let world = with_alice().await;
    let at = "/v1/realms/vo/users/name:alice/password";
    let set = async |password: &str| world.call("PUT", at, &[], &json!({ "password": password }).to_string()).await;
    for bad in ["", "s0 few", "password123", "alice@example.org", "Alice Doe", &"x".repeat(1025), "tab\tin the midst"] {
        let answer = set(bad).await;
        assert_eq!(answer.problem(), (400, "password-refused".to_owned()), "{bad}: {}", answer.text);
        assert!(bad.is_empty() || !answer.text.contains(bad), "{}", answer.text);
    }
    assert_eq!(set("correct horse battery").await.status, 204);
    let pattern = r#"{"settings":{"password_pattern":".*[0-9].*","password_min_length":12}}"#;
    assert_eq!(world.call("PATCH", "/v1/realms/vo", &[], pattern).await.status, 200);
    assert_eq!(set("correct horse battery").await.status, 400);
    assert_eq!(set("horse 7").await.status, 400);
    assert_eq!(set("correct horse 7").await.status, 204);
    for path in [USERS, "/v1/realms/vo/users/name:alice", "/v1/realms/vo/audit"] {
        let shown = world.get(path).await.text;
        assert!(!shown.contains("horse") && !shown.contains("argon2"), "{path}");
    }
    let nobody = world.call("PUT", "/v1/realms/vo/users/name:bob/password", &[], r#"{"password":"x"}"#).await;
    assert_eq!(nobody.problem(), (404, "no-such-user".to_owned()));
}

/// A fast hash of a request is kept: it must not be one of its password.
#[tokio::test]
async fn a_create_is_known_again_by_everything_but_its_password() {
    let world = World::with_realm().await;
    let key = [("idempotency-key", "k")];
    let body = |name: &str, password: &str| json!({"user_name": name, "password": password}).to_string();
    let first = world.call("POST", USERS, &key, &body("alice", "correct horse 1")).await;
    let again = world.call("POST", USERS, &key, &body("alice", "correct horse 2")).await;
    assert_eq!((first.status.as_u16(), &again.headers["idempotency-replayed"]), (201, &"true".parse().unwrap()));
    let other = world.call("POST", USERS, &key, &body("bob", "correct horse 1")).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
}

#[tokio::test]
async fn a_link_sets_a_password_within_the_hour() {
    let world = with_alice().await;
    let at = "/v1/realms/vo/users/name:alice/set-password-link";
    let made = world.post(at, "").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let url = made.json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://iam.example.org/link/") && url.len() > 70, "{url}");
    assert_eq!(made.json()["expires_ms"], 1_800_000_000_000_u64 + 3_600_000);
    let token = url.rsplit('/').next().unwrap();
    assert!(!world.get("/v1/realms/vo/audit").await.text.contains(token));
    for bad in [r#"{"valid_seconds":0}"#, r#"{"valid_seconds":3601}"#, r#"{"hours":1}"#] {
        assert_eq!(world.post(at, bad).await.status, 400, "{bad}");
    }
    world.post("/v1/realms/vo/users/name:alice/suspend", "").await;
    assert_eq!(world.post(at, "").await.problem(), (409, "inactive".to_owned()));
}

#[tokio::test]
async fn the_first_administrator_comes_with_a_link_and_once() {
    let world = World::with_realm().await;
    let path = "/v1/realms/vo/administrators";
    let body = r#"{"user_name":"root","email":"root@example.org","given":"Ro","family":"Ot"}"#;
    let key = [("idempotency-key", "k")];
    let made = world.call("POST", path, &key, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let shown = made.json();
    assert_eq!((&shown["user"]["user_name"], &shown["user"]["administrator"]), (&json!("root"), &json!(true)));
    assert!(shown["url"].as_str().unwrap().starts_with("https://iam.example.org/link/"));
    assert!(shown["expires_ms"].is_u64());

    let again = world.call("POST", path, &key, body).await;
    assert_eq!((again.status.as_u16(), again.json().get("url")), (201, None));
    assert!(again.json()["note"].as_str().unwrap().contains("earlier"));

    let other = r#"{"user_name":"second"}"#;
    assert_eq!(world.post(path, other).await.problem(), (409, "has-administrator".to_owned()));
    assert_eq!(world.get(USERS).await.json()["users"].as_array().unwrap().len(), 1);
    assert_eq!(world.post(path, r#"{"user_name":"second","another":true}"#).await.status, 201);
    assert_eq!(
        world.post(path, r#"{"user_name":"root","another":true}"#).await.problem(),
        (409, "name-taken".to_owned())
    );
    for bad in ["{}", r#"{"user_name":"x","password":"y"}"#, r#"{"user_name":"","another":true}"#] {
        assert_eq!(world.post(path, bad).await.status, 400, "{bad}");
    }
    assert_eq!(world.post("/v1/realms/none/administrators", other).await.problem(), (404, "no-such-realm".to_owned()));
}
