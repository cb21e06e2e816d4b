//! Groups, scope policies, explanations and settings over the wire.

use serde_json::{Value, json};

use crate::testing::World;

const GROUPS: &str = "/v1/realms/vo/groups";

async fn with_tree() -> World {
    let world = World::with_realm().await;
    for name in ["a", "a/b", "a/b/c", "d"] {
        let made = world.post(GROUPS, &json!({ "full_name": name }).to_string()).await;
        assert_eq!((made.status.as_u16(), &made.json()["full_name"]), (201, &json!(name)), "{}", made.text);
    }
    for name in ["alice", "bob"] {
        world.post("/v1/realms/vo/users", &json!({ "user_name": name }).to_string()).await;
    }
    world
}

fn at(group: &str, rest: &str) -> String {
    format!("{GROUPS}/name:{}{rest}", group.replace('/', "%2F"))
}

async fn members(world: &World, group: &str) -> Vec<String> {
    let page = world.get(&at(group, "/members")).await.json();
    let name = |member: &Value| member["user_name"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = page["members"].as_array().unwrap().iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn groups_are_a_tree() {
    let world = with_tree().await;
    let shown = world.get(&at("A/b", "")).await.json();
    assert_eq!((&shown["full_name"], &shown["leaf"]), (&json!("a/b"), &json!("b")));
    let by_id = world.get(&format!("{GROUPS}/{}", shown["id"].as_str().unwrap())).await.json();
    assert_eq!(by_id, shown);

    let labels = json!([{"prefix": "", "name": "wlcg.optional-group", "value": ""}]);
    let change = json!({"leaf": "x", "description": "d", "labels": labels});
    let changed = world.call("PATCH", &at("a/b", ""), &[], &change.to_string()).await.json();
    assert_eq!(
        (&changed["full_name"], &changed["optional"], &changed["labels"]),
        (&json!("a/x"), &json!(true), &labels)
    );
    assert_eq!(world.get(&at("a/x/c", "")).await.json()["full_name"], "a/x/c");

    for (body, status, kind) in [
        (json!({"full_name": "a"}), 409, "exists"),
        (json!({"full_name": "A/X"}), 409, "exists"),
        (json!({"full_name": "a", "id": "6f1d2c3b-0a9e-4d57-8c11-000000000001"}), 409, "name-taken"),
        (json!({"full_name": "q", "id": shown["id"]}), 409, "exists"),
        (json!({"full_name": "none/b"}), 409, "no-such-parent"),
        (json!({"full_name": "a/"}), 400, "invalid-group"),
        (json!({"full_name": "/a"}), 409, "no-such-parent"),
        (json!({"full_name": ".a"}), 400, "invalid-group"),
        (json!({"full_name": ""}), 400, "invalid-group"),
        (json!({"full_name": "q", "id": "x"}), 400, "invalid-group"),
        (json!({"full_name": "q", "parent": "a"}), 400, "about:blank"),
        (json!({}), 400, "about:blank"),
    ] {
        let answer = world.post(GROUPS, &body.to_string()).await;
        assert_eq!(answer.problem(), (status, kind.to_owned()), "{body}: {}", answer.text);
    }
    let stale = world.call("PATCH", &at("a", ""), &[("if-match", "\"1\"")], r#"{"description":"x"}"#).await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    assert_eq!(world.call("DELETE", &at("a", ""), &[], "").await.problem(), (409, "not-empty".to_owned()));
    for group in ["a/x/c", "a/x", "a"] {
        assert_eq!(world.call("DELETE", &at(group, ""), &[], "").await.status, 204, "{group}");
    }
    assert_eq!(world.get(&at("a", "")).await.problem(), (404, "no-such-group".to_owned()));
    let left = world.get(GROUPS).await.json();
    assert_eq!(left["groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn membership_closes_upward_and_removal_downward() {
    let world = with_tree().await;
    let added = world.call("PUT", &at("a/b/c", "/members/name:alice"), &[], "").await.json();
    assert_eq!((&added["user_name"], &added["added"]), (&json!("alice"), &json!(true)));
    assert_eq!(world.call("PUT", &at("a/b", "/members/name:alice"), &[], "").await.json()["added"], false);
    let span = r#"{"starts_ms":1700000000000,"ends_ms":1900000000000}"#;
    let bob = world.call("PUT", &at("a/b", "/members/name:bob"), &[], span).await.json();
    assert_eq!((&bob["ends_ms"], bob.get("starts_ms").is_some()), (&json!(1_900_000_000_000_u64), true));
    for group in ["a", "a/b"] {
        assert_eq!(members(&world, group).await, ["alice", "bob"], "{group}");
    }
    let shown = world.get("/v1/realms/vo/users/name:alice").await.json();
    let names: Vec<_> = shown["groups"].as_array().unwrap().iter().map(|group| group["full_name"].clone()).collect();
    assert_eq!(names, ["a", "a/b", "a/b/c"]);

    let page = world.get(&at("a", "/members?count=1")).await.json();
    let next = page["next"].as_str().unwrap();
    let rest = world.get(&at("a", &format!("/members?count=1&after={next}"))).await.json();
    assert_ne!(page["members"][0]["user"], rest["members"][0]["user"]);

    assert_eq!(world.call("DELETE", &at("a/b", "/members/name:alice"), &[], "").await.status, 204);
    assert_eq!((members(&world, "a").await.len(), members(&world, "a/b/c").await.len()), (2, 0));
    for (method, path, body, status, kind) in [
        ("PUT", at("a", "/members/name:none"), "", 404, "no-such-user"),
        ("PUT", at("none", "/members/name:bob"), "", 404, "no-such-group"),
        ("PUT", at("d", "/members/name:bob"), r#"{"ends_ms":5}"#, 400, "invalid-membership"),
        (
            "PUT",
            at("d", "/members/name:bob"),
            r#"{"starts_ms":1900000000001,"ends_ms":1900000000000}"#,
            400,
            "invalid-membership",
        ),
        ("PUT", at("d", "/members/name:bob"), r#"{"ends_ms":-5}"#, 400, "about:blank"),
        ("DELETE", at("a", "/members/name:none"), "", 404, "no-such-user"),
        ("GET", at("a", "/members?count=1001"), "", 400, "about:blank"),
    ] {
        let answer = world.call(method, &path, &[], body).await;
        assert_eq!(answer.problem(), (status, kind.to_owned()), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_group_is_moved_with_all_below_it_and_its_members_join_those_above() {
    let world = with_tree().await;
    world.call("PUT", &at("a/b/c", "/members/name:alice"), &[], "").await;
    let moved = world.call("PUT", &at("a/b", "/parent"), &[], r#"{"parent":"d"}"#).await;
    assert_eq!((moved.status.as_u16(), &moved.json()["full_name"]), (200, &json!("d/b")), "{}", moved.text);
    assert_eq!(world.get(&at("d/b/c", "")).await.json()["full_name"], "d/b/c");
    for group in ["a", "d", "d/b", "d/b/c"] {
        assert_eq!(members(&world, group).await, ["alice"], "{group}");
    }
    let top = world.call("DELETE", &at("d/b/c", "/parent"), &[], "").await.json();
    assert_eq!((&top["full_name"], top.get("parent")), (&json!("c"), None));
    let id = world.get(&at("a", "")).await.json()["id"].clone();
    let by_id = world.call("PUT", &at("c", "/parent"), &[], &json!({ "parent": id }).to_string()).await.json();
    assert_eq!(by_id["full_name"], "a/c");
    let events = world.get("/v1/realms/vo/audit").await.json();
    let whats = events["events"].as_array().unwrap().iter().map(|event| event["event"]["what"].as_str().unwrap());
    assert_eq!(whats.filter(|what| *what == "group.move").count(), 3);

    assert_eq!(world.post(GROUPS, r#"{"full_name":"a/d"}"#).await.status, 201);
    assert_eq!(world.post(GROUPS, r#"{"full_name":"a/c/e"}"#).await.status, 201);
    for (group, body, status, kind) in [
        ("none", r#"{"parent":"d"}"#, 404, "no-such-group"),
        ("a", r#"{"parent":"none"}"#, 409, "no-such-parent"),
        ("a", r#"{"parent":"a/c/e"}"#, 409, "cycle"),
        ("a", r#"{"parent":"a"}"#, 409, "cycle"),
        ("d", r#"{"parent":"a"}"#, 409, "exists"),
        ("a", r#"{"parent":null}"#, 400, "about:blank"),
        ("a", "{}", 400, "about:blank"),
    ] {
        let answer = world.call("PUT", &at(group, "/parent"), &[], body).await;
        assert_eq!(answer.problem(), (status, kind.to_owned()), "{group} {body}: {}", answer.text);
    }
    let mut path = "d".to_owned();
    for _ in 1..15 {
        path.push_str("/d");
        assert_eq!(world.post(GROUPS, &json!({ "full_name": path }).to_string()).await.status, 201, "{path}");
    }
    let body = json!({ "parent": path }).to_string();
    let too_deep = world.call("PUT", &at("a", "/parent"), &[], &body).await;
    assert_eq!(too_deep.problem(), (400, "invalid-group".to_owned()), "{}", too_deep.text);

    for n in 0..21 {
        world.post("/v1/realms/vo/users", &json!({ "user_name": format!("u{n}") }).to_string()).await;
        world.call("PUT", &at("a/c", &format!("/members/name:u{n}")), &[], "").await;
    }
    let crowd = world.call("PUT", &at("a/c", "/parent"), &[], r#"{"parent":"d"}"#).await;
    assert_eq!(crowd.problem(), (409, "too-many-members".to_owned()));
}

#[tokio::test]
async fn managers_are_named() {
    let world = with_tree().await;
    let added = world.call("PUT", &at("a/b", "/managers/name:alice"), &[], "").await.json();
    assert_eq!((&added["managers"][0]["user_name"], &added["added"]), (&json!("alice"), &json!(true)));
    assert_eq!(world.call("PUT", &at("a/b", "/managers/name:alice"), &[], "").await.json()["added"], false);
    assert_eq!(world.get(&at("a/b", "/managers")).await.json()["managers"].as_array().unwrap().len(), 1);
    assert_eq!(world.get(&at("a", "/managers")).await.json(), json!({"managers": []}));
    assert_eq!(world.call("DELETE", &at("a/b", "/managers/name:alice"), &[], "").await.status, 204);
    assert_eq!(world.get(&at("a/b", "/managers")).await.json(), json!({"managers": []}));
}

#[tokio::test]
async fn policies_are_made_replaced_and_deleted() {
    let world = with_tree().await;
    let path = "/v1/realms/vo/scope-policies";
    let seeded = world.get(path).await.json();
    assert_eq!(
        (&seeded["scope_policies"][0]["id"], &seeded["scope_policies"][0]["rule"]),
        (&json!(1), &json!("PERMIT"))
    );
    let deny =
        json!({"rule": "DENY", "matching": "PATH", "scopes": ["storage.read:/x"], "group": "a/b", "description": "d"});
    let key = [("idempotency-key", "k")];
    for replayed in [false, true] {
        let made = world.call("POST", path, &key, &deny.to_string()).await;
        assert_eq!((made.status.as_u16(), made.headers.contains_key("idempotency-replayed")), (201, replayed));
        assert_eq!((&made.json()["id"], &made.headers["location"]), (&json!(2), &format!("{path}/2").parse().unwrap()));
        assert_eq!(made.json()["scopes"], json!(["storage.read:/x"]));
    }
    for (body, status, kind) in [
        (deny.clone(), 409, "exists"),
        (json!({"rule": "MAYBE"}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "matching": "GLOB"}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "matching": "PATH", "scopes": ["storage.read"]}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "matching": "REGEXP", "scopes": ["("]}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "scopes": []}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "user": "alice", "group": "a"}), 400, "invalid-policy"),
        (json!({"rule": "DENY", "user": "nobody"}), 404, "no-such-user"),
        (json!({"rule": "DENY", "group": "nobody"}), 404, "no-such-group"),
        (json!({"scopes": ["x"]}), 400, "about:blank"),
    ] {
        let answer = world.post(path, &body.to_string()).await;
        assert_eq!(answer.problem(), (status, kind.to_owned()), "{body}: {}", answer.text);
    }
    let at = format!("{path}/2");
    let replaced = world.call("PUT", &at, &[], r#"{"rule":"PERMIT","user":"alice","scopes":["x"]}"#).await.json();
    assert_eq!(
        (&replaced["rule"], replaced["user"].is_string(), replaced.get("group")),
        (&json!("PERMIT"), true, None)
    );
    let stale = world.call("DELETE", &at, &[("if-match", "\"1\"")], "").await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    assert_eq!(world.call("DELETE", &at, &[], "").await.status, 204);
    for (method, path) in [("GET", &at), ("DELETE", &at), ("GET", &format!("{path}/x"))] {
        assert_eq!(world.call(method, path, &[], "").await.problem(), (404, "no-such-policy".to_owned()), "{path}");
    }
}

/// F-06.
#[tokio::test]
async fn a_token_is_explained_scope_by_scope() {
    let world = with_tree().await;
    let client = json!({"client_id": "c", "client": {
        "client_name": "explained", "grant_types": ["authorization_code", "client_credentials"], "redirect_uris": ["https://a/cb"],
        "scope": "openid profile storage.read:/ scim:read"
    }});
    let made = world.post("/v1/realms/vo/clients", &client.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    world.call("PUT", &at("a/b", "/members/name:alice"), &[], "").await;
    let deny = json!({"rule": "DENY", "matching": "PATH", "scopes": ["storage.read:/x"], "group": "a/b"});
    world.post("/v1/realms/vo/scope-policies", &deny.to_string()).await;

    let path = "/v1/realms/vo/explain-token";
    let ask =
        json!({"client": "c", "user": "alice", "scope": "openid storage.read:/x scim:read profile", "audience": ["a"]});
    let told = world.post(path, &ask.to_string()).await.json();
    assert_eq!(
        (&told["verdict"], &told["scope"], &told["audience"]),
        (&json!("issued"), &json!("openid profile"), &json!(["a"]))
    );
    let scopes = told["scopes"].as_array().unwrap();
    let outcome = |place: usize| (scopes[place]["scope"].as_str().unwrap(), scopes[place]["outcome"].as_str().unwrap());
    assert_eq!(outcome(0), ("openid", "granted"));
    assert_eq!(outcome(1), ("storage.read:/x", "dropped"));
    assert_eq!(
        (&scopes[1]["policy"], &scopes[1]["rule"], &scopes[1]["level"]),
        (&json!(2), &json!("DENY"), &json!("group"))
    );
    assert_eq!(outcome(2), ("scim:read", "dropped"));
    assert_eq!(outcome(3), ("profile", "granted"));
    assert_eq!((&scopes[3]["policy"], &scopes[3]["rule"]), (&json!(1), &json!("PERMIT")));

    let refused = world.post(path, r#"{"client":"c","user":"alice","scope":"openid other"}"#).await.json();
    assert_eq!(refused["verdict"], "refused");
    assert_eq!((&refused["scopes"][1]["outcome"], refused.get("scope")), (&json!("refused"), None));
    let alone = world.post(path, r#"{"client":"c","scope":"scim:read"}"#).await.json();
    assert_eq!((&alone["verdict"], &alone["scope"]), (&json!("issued"), &json!("scim:read")));

    for (body, status, kind) in [
        (json!({"client": "none"}), 404, "no-such-client"),
        (json!({"client": "c", "user": "none"}), 404, "no-such-user"),
        (json!({"client": "c", "grant": "magic"}), 400, "invalid-request"),
        (json!({"client": "c", "scope": "a\"b"}), 400, "invalid-request"),
        (json!({"scope": "a"}), 400, "about:blank"),
    ] {
        assert_eq!(world.post(path, &body.to_string()).await.problem(), (status, kind.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_realm_is_changed() {
    let world = World::with_realm().await;
    let at = "/v1/realms/vo";
    let before = world.get(at).await.json();
    assert_eq!(
        (&before["settings"]["email_unique"], &before["settings"]["password_min_length"]),
        (&json!(true), &json!(8))
    );
    let change = r#"{"display_name":"VO","settings":{"session_idle_seconds":600,"default_profile":"wlcg"}}"#;
    let after = world.call("PATCH", at, &[], change).await.json();
    assert_eq!((&after["display_name"], &after["settings"]["session_idle_seconds"]), (&json!("VO"), &json!(600)));
    assert_eq!(after["settings"]["default_profile"], "wlcg");
    assert_eq!(after["settings"]["access_token_seconds"], before["settings"]["access_token_seconds"]);
    let fresh = format!("\"{}\"", after["revision"]);
    assert_eq!(world.call("PATCH", at, &[("if-match", &fresh)], r#"{"display_name":"W"}"#).await.status, 200);
    let stale = world.call("PATCH", at, &[("if-match", &fresh)], r#"{"display_name":"X"}"#).await;
    assert_eq!(stale.problem(), (412, "changed".to_owned()));
    // The beginning of a PNG file of one pixel, and none.
    for logo in ["iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", ""] {
        let answer = world.call("PATCH", at, &[], &json!({ "logo_png": logo }).to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    for (body, kind) in [
        (r#"{"settings":{"session_idle_seconds":0}}"#, "invalid-realm"),
        (r#"{"settings":{"password_pattern":"("}}"#, "invalid-realm"),
        (r#"{"settings":{"access_token_alg":"none"}}"#, "invalid-realm"),
        (r#"{"logo_png":"AAAA"}"#, "invalid-realm"),
        (r#"{"logo_png":"*"}"#, "invalid-realm"),
        (r#"{"display_name":null}"#, "about:blank"),
        (r#"{"issuer":"https://b.example"}"#, "about:blank"),
        (r#"{"settings":{"unknown":1}}"#, "about:blank"),
    ] {
        let answer = world.call("PATCH", at, &[], body).await;
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{body}: {}", answer.text);
    }
    let gone = world.call("PATCH", "/v1/realms/none", &[], r#"{"display_name":"x"}"#).await;
    assert_eq!(gone.problem(), (404, "no-such-realm".to_owned()));
}
