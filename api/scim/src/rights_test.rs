//! Who may do what: every role by every method by every resource (SC01, SC13).

use serde_json::{Value, json};

use crate::testing::{ADMIN, GROUP, INDIGO_USER, PATCH, SEARCH, USER, World};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What a role may.
#[derive(Clone, Copy, PartialEq)]
enum May {
    Nothing,
    Be,
    Read,
    Write,
}

#[tokio::test]
async fn each_role_may_do_what_its_token_says_and_no_more() {
    let world = World::new();
    let victim = world.user("victim", json!({})).await.id();
    let group = world.group("group", json!({})).await.id();
    let roles: [(&str, Option<String>, bool, &[May]); 6] = [
        ("anonymous", None, false, &[]),
        ("garbage", Some("abc".into()), false, &[]),
        ("client without scope", Some(world.token(None, "storage.read:/")), false, &[May::Nothing]),
        ("reading client", Some(world.token(None, "scim:read")), false, &[May::Read]),
        ("person", Some(world.token(Some(ADMIN), "openid")), true, &[May::Be]),
        ("reading administrator", Some(world.token(Some(ADMIN), "openid scim:read")), true, &[May::Be, May::Read]),
    ];
    let user = json!({ "schemas": [USER], "userName": "victim" });
    let body = json!({ "schemas": [GROUP], "displayName": "group" });
    let operation = json!({ "op": "replace", "path": "nickName", "value": "x" });
    let patch = json!({ "schemas": [PATCH], "Operations": [operation] });
    let search = json!({ "schemas": [SEARCH] });
    let resources = [
        ("/Users".to_owned(), &user),
        (format!("/Users/{victim}"), &user),
        ("/Groups".to_owned(), &body),
        (format!("/Groups/{group}"), &body),
        ("/Users/.search".to_owned(), &search),
        ("/.search".to_owned(), &search),
        ("/Me".to_owned(), &user),
    ];
    let mut cells = 0;
    for (role, token, person, may) in &roles {
        for (path, body) in &resources {
            for method in METHODS {
                let body = match method {
                    "GET" | "DELETE" => Value::Null,
                    "PATCH" => patch.clone(),
                    _ => (*body).clone(),
                };
                let text = if body.is_null() { String::new() } else { body.to_string() };
                let answer = world.send(method, path, token.as_deref(), &[], &text).await;
                let (search, me) = (path.ends_with(".search"), path == "/Me");
                let one = path.matches('/').count() == 2 && !search;
                let offered = match method {
                    "GET" => !search,
                    "POST" => search || (!one && !me),
                    _ => one || me,
                };
                let reads = method == "GET" || search;
                let allowed = match reads {
                    true if me => may.contains(&May::Be),
                    true => may.contains(&May::Read),
                    false => may.contains(&May::Write),
                };
                let expected = match () {
                    () if !offered => 405,
                    () if may.is_empty() => 401,
                    () if allowed => 200,
                    () => 403,
                };
                assert_eq!(answer.status, expected, "{role} {method} {path}: {}", answer.text);
                let challenged = matches!(expected, 401 | 403);
                assert_eq!(answer.headers.contains_key("www-authenticate"), challenged, "{role} {method} {path}");
                assert_eq!(answer.headers.contains_key("allow"), expected == 405, "{role} {method} {path}");
                if expected != 200 {
                    answer.error();
                }
                assert!(*person || !me || expected != 200);
                cells += 1;
            }
        }
    }
    assert!(cells >= 60);
}

#[tokio::test]
async fn what_is_offered_is_told_to_all() {
    let world = World::new();
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/ResourceTypes/User", "/openapi.json"] {
        let answer = world.send("GET", path, None, &[], "").await;
        assert_eq!(answer.status, 200, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = world.send(method, path, None, &[], "").await;
            assert_eq!((answer.error().0, answer.header("allow")), (405, "GET,HEAD"), "{method} {path}");
        }
    }
    for path in ["/Schemas/urn:x", "/ResourceTypes/Robot", "/Bulk", "/Users/x/y", "/nothing"] {
        assert_eq!(world.send("GET", path, None, &[], "").await.error().0, 404, "{path}");
    }
    assert_eq!(world.send("GET", "/Schemas?filter=id+pr", None, &[], "").await.error().0, 403);
}

/// SC15, and I15 of the wire: the token is looked at again in the transaction.
#[tokio::test]
async fn people_change_of_themselves_what_gives_no_power() {
    let world = World::new();
    let token = world.token(Some(ADMIN), "openid scim:read scim:write");
    let me = world.send("GET", "/Me", Some(&token), &[], "").await;
    assert_eq!((me.status, me.id()), (200, ADMIN.to_string()));
    assert!(me.json()["meta"]["location"].as_str().unwrap().ends_with(&format!("/scim/v2/Users/{ADMIN}")));
    for path in [
        "active",
        "userName",
        "externalId",
        "emails",
        "userType",
        "title",
        "password",
        "urn:indigo-dc:scim:schemas:IndigoUser:affiliation",
        "urn:indigo-dc:scim:schemas:IndigoUser:authorities",
        "urn:indigo-dc:scim:schemas:IndigoUser:labels",
        "groups",
        "id",
        "meta",
    ] {
        let operation = json!({ "op": "replace", "path": path, "value": "x" });
        let body = json!({ "schemas": [PATCH], "Operations": [operation] }).to_string();
        let answer = world.send("PATCH", "/Me", Some(&token), &[], &body).await;
        assert_eq!(answer.error(), (400, "mutability".into()), "{path}");
    }
    let operation = json!({ "op": "add", "value": { "nickName": "Al", "name": { "givenName": "Alice" } } });
    let body = json!({ "schemas": [PATCH], "Operations": [operation] }).to_string();
    let answer = world.send("PATCH", "/Me", Some(&token), &[], &body).await;
    assert_eq!((answer.status, &answer.json()["nickName"]), (200, &json!("Al")));
    let body = json!({ "schemas": [USER], "userName": "other", "active": false, "displayName": "Alice" }).to_string();
    let answer = world.send("PUT", "/Me", Some(&token), &[], &body).await.json();
    assert_eq!(answer["userName"], "admin");
    assert_eq!(answer["active"], true);
    assert_eq!(answer["displayName"], "Alice");
    assert_eq!(answer["nickName"], Value::Null);
    // The last administrator stays.
    assert_eq!(world.send("DELETE", "/Me", Some(&token), &[], "").await.error().0, 409);
}

#[tokio::test]
async fn a_suspended_persons_token_opens_nothing() {
    let world = World::new();
    let other = woad_identity::UserId([2; 16]);
    world.person(other, "other");
    let token = world.token(Some(other), "openid");
    assert_eq!(world.send("GET", "/Me", Some(&token), &[], "").await.status, 200);
    let body = json!({ "op": "replace", "path": "active", "value": false });
    assert_eq!(world.patch(&format!("/Users/{other}"), body).await.status, 200);
    assert_eq!(world.send("GET", "/Me", Some(&token), &[], "").await.status, 401);
    assert_eq!(world.call("DELETE", &format!("/Users/{other}"), &Value::Null).await.status, 204);
    assert_eq!(world.get(&format!("/Users/{other}")).await.status, 404);
}

/// What an application was not given by scope at userinfo, it does not learn here.
#[tokio::test]
async fn my_own_record_tells_a_token_what_its_scopes_tell() {
    let world = World::new();
    let path = format!("/Users/{ADMIN}");
    for operation in [
        json!({ "op": "add", "path": "emails", "value": [{ "value": "a@x.example" }] }),
        json!({ "op": "add", "path": "phoneNumbers", "value": [{ "value": "1" }] }),
        json!({ "op": "add", "path": "addresses", "value": [{ "country": "IT" }] }),
        json!({ "op": "add", "path": "nickName", "value": "Al" }),
        json!({ "op": "add", "path": format!("{INDIGO_USER}:affiliation"), "value": "CNAF" }),
    ] {
        assert_eq!(world.patch(&path, operation).await.status, 200);
    }
    for (scopes, told) in [
        ("openid", &["active"][..]),
        ("openid profile", &["userName", "nickName", "active"]),
        ("openid email phone", &["active", "emails", "phoneNumbers"]),
        ("openid address", &["active", "addresses"]),
        ("openid scim:read", &["userName", "nickName", "active", "emails", "phoneNumbers", "addresses", INDIGO_USER]),
    ] {
        let token = world.token(Some(ADMIN), scopes);
        for query in [
            "",
            "?attributes=active,userName,nickName,emails,phoneNumbers,addresses,urn:indigo-dc:scim:schemas:IndigoUser",
        ] {
            let me = world.send("GET", &format!("/Me{query}"), Some(&token), &[], "").await.json();
            let names: Vec<&str> = me.as_object().unwrap().keys().map(String::as_str).collect();
            let names: Vec<&str> = names.into_iter().filter(|name| !["schemas", "id", "meta"].contains(name)).collect();
            assert_eq!(names, told, "{scopes} {query}");
            assert_eq!(me["schemas"].as_array().unwrap().len(), if told.contains(&INDIGO_USER) { 2 } else { 1 });
        }
    }
}
