use serde_json::{Value, json};

use crate::testing::{INDIGO_USER, PATCH, USER, World, vo};

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let world = World::new();
    let full = json!({
        "externalId": "X-1",
        "name": { "givenName": "Alice", "familyName": "Liddell", "formatted": "Alice Liddell", "middleName": "P",
                  "honorificPrefix": "Dr", "honorificSuffix": "III" },
        "displayName": "Alice", "nickName": "Al", "profileUrl": "https://x.example/al", "title": "T", "userType": "U",
        "preferredLanguage": "en", "locale": "en-GB", "timezone": "Europe/Rome",
        "emails": [{ "value": "Al@x.example", "display": "d", "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "123", "type": "mobile", "primary": false }],
        "photos": [{ "value": "https://x.example/p.png", "type": "photo", "primary": false }],
        "addresses": [{ "formatted": "1 St\nTown", "country": "IT", "type": "home", "primary": false }],
        "schemas": [USER, INDIGO_USER],
        INDIGO_USER: { "affiliation": "CNAF" },
    });
    let made = world.user("Alice", full.clone()).await;
    assert_eq!((made.status, made.header("content-type")), (201, "application/scim+json"), "{}", made.text);
    let (id, body) = (made.id(), made.json());
    let location = format!("https://iam.example.org/scim/v2/Users/{id}");
    assert_eq!(made.header("location"), location);
    assert_eq!(body["meta"]["location"], location);
    assert_eq!(body["meta"]["resourceType"], "User");
    assert_eq!(body["meta"]["version"], made.header("etag"));
    assert_eq!((&body["userName"], &body["active"]), (&json!("Alice"), &json!(true)));
    for (name, value) in full.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    let path = format!("/Users/{id}");
    let read = world.get(&path).await;
    assert_eq!((read.status, read.json()), (200, body));
    let again = world.with("GET", &path, &[("if-none-match", made.header("etag"))], &Value::Null).await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", made.header("etag")));

    let put =
        world.call("PUT", &path, &json!({ "schemas": [USER], "userName": "alice", "id": "x", "groups": [] })).await;
    let replaced = put.json();
    assert_eq!((put.status, &replaced["userName"], &replaced["id"]), (200, &json!("alice"), &json!(id)));
    assert_eq!((&replaced["emails"], &replaced[INDIGO_USER]), (&Value::Null, &Value::Null));
    assert_eq!(replaced["schemas"], json!([USER]));
    assert_ne!(put.header("etag"), made.header("etag"));
    assert_eq!(world.call("DELETE", &path, &Value::Null).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(world.call(method, &path, &Value::Null).await.error().0, 404);
    }
}

#[tokio::test]
async fn a_suspended_user_stays_so_when_a_replacement_does_not_say() {
    let world = World::new();
    let id = world.user("alice", json!({ "active": false })).await.id();
    let path = format!("/Users/{id}");
    let body = json!({ "schemas": [USER], "userName": "alice" });
    assert_eq!(world.call("PUT", &path, &body).await.json()["active"], false);
    let restore = json!({ "op": "replace", "path": "active", "value": true });
    assert_eq!(world.patch(&path, restore).await.json()["active"], true);
}

/// SC02, RFC 7643 §4.1.1.
#[tokio::test]
async fn a_password_is_set_and_never_shown() {
    let world = World::new();
    let made = world.user("alice", json!({ "password": "tea-pot at 5" })).await;
    assert!(made.status == 201 && !made.text.contains("tea-pot") && !made.text.contains("password"), "{}", made.text);
    let path = format!("/Users/{}", made.id());
    assert!(!world.get(&format!("{path}?attributes=password")).await.text.contains("password"));
    for bad in ["password", "short", "Alice1!!", ""] {
        let answer = world.patch(&path, json!({ "op": "replace", "path": "password", "value": bad })).await;
        assert_eq!(answer.error(), (400, "invalidValue".into()), "{bad}");
        // Alice's name is nobody else's.
        let others = world.user(&format!("bob{}", bad.len()), json!({ "password": bad })).await;
        assert_eq!(others.status, if bad.starts_with("Alice") { 201 } else { 400 }, "{bad}: {}", others.text);
    }
    for operation in [
        json!({ "op": "add", "path": "password", "value": "another pot of tea" }),
        json!({ "op": "remove", "path": "password" }),
        json!({ "op": "remove", "path": "password" }),
    ] {
        assert_eq!(world.patch(&path, operation.clone()).await.status, 200, "{operation}");
    }
    for filter in ["password sw \"a\"", "password pr"] {
        assert_eq!(world.find("/Users", filter).await.error(), (403, "sensitive".into()));
    }
    assert_eq!(world.get("/Users?sortBy=password").await.error(), (403, "sensitive".into()));
}

/// SC08.
#[tokio::test]
async fn names_and_addresses_are_unique_when_folded() {
    let world = World::new();
    let email = |value: &str| json!({ "emails": [{ "value": value }] });
    world.user("straße", email("a@x.example")).await;
    for (name, more) in [("STRASSE", json!({})), ("ｓtrasse", json!({})), ("b", email("Ａ@X.example"))] {
        assert_eq!(world.user(name, more).await.error(), (409, "uniqueness".into()), "{name}");
    }
    let id = world.user("b", json!({})).await.id();
    let taken = json!({ "op": "replace", "path": "userName", "value": "Strasse" });
    assert_eq!(world.patch(&format!("/Users/{id}"), taken).await.error(), (409, "uniqueness".into()));
}

/// SC07: of two writers who saw the same state, one writes.
#[tokio::test]
async fn no_update_is_lost() {
    let world = World::new();
    let made = world.user("alice", json!({})).await;
    let (path, tag) = (format!("/Users/{}", made.id()), made.header("etag").to_owned());
    let body = |value: &str| {
        let operation = json!({ "op": "replace", "path": "nickName", "value": value });
        json!({ "schemas": [PATCH], "Operations": [operation] })
    };
    let headers = [("if-match", tag.as_str())];
    let (one, other) = (body("one"), body("other"));
    let (one, other) =
        tokio::join!(world.with("PATCH", &path, &headers, &one), world.with("PATCH", &path, &headers, &other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    for (value, status) in [("*", 200), ("W/\"0\"", 412), ("nonsense", 400), (tag.as_str(), 412)] {
        let answer = world.with("PATCH", &path, &[("if-match", value)], &body(value)).await;
        assert_eq!(answer.status, status, "{value}");
    }
    assert_eq!(world.with("DELETE", &path, &headers, &Value::Null).await.status, 412);
    let now = world.get(&path).await.header("etag").to_owned();
    for (method, header, value, status) in [
        ("GET", "if-match", tag.as_str(), 412),
        ("GET", "if-match", &now, 200),
        ("GET", "if-none-match", &tag, 200),
        ("GET", "if-none-match", "*", 304),
        ("GET", "if-none-match", now.trim_start_matches("W/"), 304),
        ("HEAD", "if-none-match", &now, 304),
        ("DELETE", "if-none-match", "*", 412),
        ("DELETE", "if-none-match", &now, 412),
    ] {
        let answer = world.with(method, &path, &[(header, value)], &Value::Null).await;
        assert_eq!(answer.status, status, "{method} {header}: {value}");
    }
    let head = world.with("HEAD", &path, &[], &Value::Null).await;
    assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", now.as_str()));
    let (nobody, body) = ("/Users/00000000-0000-4000-8000-000000000000", json!({ "schemas": [USER], "userName": "x" }));
    assert_eq!(world.with("PUT", nobody, &[("if-match", "*")], &body).await.status, 404);
}

#[tokio::test]
async fn a_membership_changes_the_tags_of_both() {
    let world = World::new();
    let user = world.user("alice", json!({})).await;
    let group = world.group("a", json!({})).await;
    let path = format!("/Groups/{}", group.id());
    let joined = world.patch(&path, json!({ "op": "add", "path": "members", "value": [{ "value": user.id() }] })).await;
    assert_eq!(joined.status, 200, "{}", joined.text);
    assert_ne!(joined.header("etag"), group.header("etag"));
    let now = world.get(&format!("/Users/{}", user.id())).await;
    assert_ne!(now.header("etag"), user.header("etag"));
    let expected = json!([{
        "value": group.id(),
        "$ref": format!("https://iam.example.org/scim/v2/Groups/{}", group.id()),
        "display": "a",
        "type": "direct",
    }]);
    assert_eq!(now.json()["groups"], expected);
}

#[tokio::test]
async fn a_create_that_is_sent_again_makes_nothing_twice() {
    let world = World::new();
    let body = json!({ "schemas": [USER], "userName": "alice", "password": "tea-pot at 5" });
    let headers = [("idempotency-key", "k")];
    let one = world.with("POST", "/Users", &headers, &body).await;
    let other = world.with("POST", "/Users", &headers, &body).await;
    assert_eq!((one.status, other.status, other.header("idempotency-replayed")), (201, 201, "true"));
    assert_eq!(one.id(), other.id());
    let changed = json!({ "schemas": [USER], "userName": "bob" });
    assert_eq!(world.with("POST", "/Users", &headers, &changed).await.error().0, 422);
    assert_eq!(world.with("POST", "/Users", &[("idempotency-key", "a b")], &changed).await.error().0, 400);
}

/// An address that nobody has confirmed is not confirmed by a client that sends the record back.
#[tokio::test]
async fn an_unverified_address_stays_so() {
    use woad_identity::user::{self, Email, Provenance, UserPatch};
    let world = World::new();
    let made = world.user("alice", json!({ "emails": [{ "value": "a@x.example" }] })).await;
    let (id, path) = (woad_identity::UserId::parse(&made.id()).unwrap(), format!("/Users/{}", made.id()));
    let verified = |world: &World| -> Vec<bool> {
        let found = world.memory.look(|view| user::get(view, &vo(), id)).unwrap().unwrap();
        found.row.emails.iter().map(|email| email.verified).collect()
    };
    assert_eq!(verified(&world), [true]);
    let doubted = Email { value: "b@x.example".into(), ..Email::default() };
    let fields = UserPatch { emails: Some(vec![doubted]), ..UserPatch::default() };
    world.decided(|tx| {
        let realm = woad_identity::realm::get(tx, &vo())?.unwrap();
        user::update(tx, &realm, id, &fields, None, Provenance::Administrator, &woad_identity::Actor::system())
    });
    assert_eq!(verified(&world), [false]);
    world.patch(&path, json!({ "op": "add", "path": "nickName", "value": "Al" })).await;
    world.patch(&path, json!({ "op": "add", "path": "emails", "value": [{ "value": "c@x.example" }] })).await;
    assert_eq!(verified(&world), [false, true]);
    let body = json!({ "schemas": [USER], "userName": "alice", "emails": [{ "value": "B@x.example" }] });
    assert_eq!(world.call("PUT", &path, &body).await.status, 200);
    assert_eq!(verified(&world), [false]);
}
