//! What callers should not send.

use serde_json::{Value, json};

use crate::testing::{GROUP, PATCH, USER, World};

#[tokio::test]
async fn users_that_can_t_be_are_refused() {
    let world = World::new();
    let email = |value: &str| json!({ "schemas": [USER], "userName": "a", "emails": [{ "value": value }] });
    let name = |value: &str| json!({ "schemas": [USER], "userName": value });
    let (long, many) = ("x".repeat(129), vec![json!({ "value": "a@x.example" }); 20_000]);
    let mut cases = vec![
        (json!({ "schemas": [USER] }), "invalidValue"),
        (json!({ "userName": "a" }), "invalidSyntax"),
        (json!({ "schemas": [USER, USER], "userName": "a" }), "invalidSyntax"),
        (json!({ "schemas": [USER, "urn:x"], "userName": "a" }), "invalidSyntax"),
        (json!({ "schemas": [USER], "userName": "a", "shoeSize": 45 }), "invalidSyntax"),
        (json!({ "schemas": [USER], "userName": 7 }), "invalidValue"),
        (json!({ "schemas": [USER], "userName": "a", "emails": many }), "invalidValue"),
        (
            json!({ "schemas": [USER], "userName": "a", "emails": [
            { "value": "a@x.example", "primary": true }, { "value": "b@x.example", "primary": true },
        ] }),
            "invalidValue",
        ),
        (json!({ "schemas": [USER], "userName": "a", "profileUrl": "javascript:alert(1)" }), "invalidValue"),
        (json!({ "schemas": [USER], "userName": "a", "nickName": "e\u{301}".repeat(500) }), "invalidValue"),
        (json!({ "schemas": [USER], "userName": "a", "nickName": "a\u{202e}b" }), "invalidValue"),
    ];
    for bad in [
        "",
        " ",
        " a",
        "a ",
        "a\u{0}",
        "a\nb",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{e0061}",
        "аdmin",
        "👩\u{200d}🚀",
        &long,
    ] {
        cases.push((name(bad), "invalidValue"));
    }
    for bad in ["", "a", "a@b@c", "a@x.example\r\nBcc: b@x.example", "@x.example", "a b@x.example"] {
        cases.push((email(bad), "invalidValue"));
    }
    for (body, kind) in cases {
        let answer = world.call("POST", "/Users", &body).await;
        assert_eq!(answer.error(), (400, kind.into()), "{:.120}", body.to_string());
    }
    // Literal text is literal text.
    for name in ["{{7*7}}", "%s", "=1+1", "<b>x</b>"] {
        let made = world.user("literal", json!({ "displayName": name })).await;
        assert_eq!(made.json()["displayName"], name);
        world.call("DELETE", &format!("/Users/{}", made.id()), &Value::Null).await;
    }
}

#[tokio::test]
async fn groups_that_can_t_be_are_refused() {
    let world = World::new();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let indigo = "urn:indigo-dc:scim:schemas:IndigoGroup";
    let below = |id: &str| json!({ "schemas": [GROUP, indigo], "displayName": "a", indigo: { "parentGroup": { "value": id } } });
    let mut cases = vec![
        (json!({ "schemas": [GROUP] }), "invalidValue"),
        (json!({ "schemas": [USER], "displayName": "a" }), "invalidSyntax"),
        (below(unknown), "invalidValue"),
        (below("x"), "invalidValue"),
        (json!({ "schemas": [GROUP], "displayName": "a", "members": [{ "value": unknown }] }), "invalidValue"),
        (json!({ "schemas": [GROUP], "displayName": "a", "members": [{ "value": "x" }] }), "invalidValue"),
        (json!({ "schemas": [GROUP], "displayName": "a", "members": [{}] }), "invalidValue"),
    ];
    for bad in ["", " ", "a/b", "..", "a\u{202e}b", &"x".repeat(256)] {
        cases.push((json!({ "schemas": [GROUP], "displayName": bad }), "invalidValue"));
    }
    for (body, kind) in cases {
        assert_eq!(world.call("POST", "/Groups", &body).await.error(), (400, kind.into()), "{body}");
    }
    assert_eq!(world.get("/Groups").await.json()["totalResults"], 0, "all or nothing");
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused() {
    let world = World::new();
    let token = world.token(None, "scim:write");
    let send = async |headers: &[(&str, &str)], body: &str| {
        world.send("POST", "/Users", Some(&token), headers, body).await.error()
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["{", "[]", "null", "7", "{\"a\":1,\"A\":2}", "{\"a\":\"\\ud800\"}", &deep, "\u{feff}{}"] {
        assert_eq!(send(&[], body).await, (400, "invalidSyntax".into()), "{body:.40}");
    }
    let json = json!({ "schemas": [USER], "userName": "a" }).to_string();
    for media in ["text/plain", "application/xml", "application/scim+json; charset=utf-16", ""] {
        assert_eq!(send(&[("content-type", media)], &json).await.0, 415, "{media}");
    }
    assert_eq!(send(&[("content-encoding", "gzip")], &json).await.0, 415);
    assert_eq!(send(&[], &" ".repeat(1024 * 1024 + 1)).await.0, 413);
    let answer = world.send("POST", "/Users", Some(&token), &[("content-type", "application/json")], &json).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/scim+json"));
}

#[tokio::test]
async fn paths_and_queries_that_lead_nowhere_are_refused() {
    let world = World::new();
    for (path, status) in [
        ("/Users/x", 404),
        ("/Users/00000000-0000-4000-8000-000000000000", 404),
        ("/Groups/00000000-0000-4000-8000-000000000000", 404),
        ("/Users/%2e%2e", 400),
        ("/Users/a%2fb", 400),
        ("/Users/%00", 400),
        ("/Users?startIndex=x", 400),
        ("/Users?count=1.5", 400),
        ("/Users?count=1&count=2", 400),
        ("/Users?sortBy=", 200),
        ("/Users?sortBy=shoeSize", 400),
        ("/Users?sortOrder=up", 400),
        ("/Users?filter=%ff", 400),
        ("/Users?filter=pr+pr", 400),
        ("/Users?attributes=shoeSize", 400),
        ("/Users?access_token=x", 400),
        ("/Users?unknown=1", 200),
    ] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
    let path = format!("/Users/{}", world.user("alice", json!({})).await.id());
    let operations = vec![json!({ "op": "add", "path": "nickName", "value": "x" }); 201];
    let body = json!({ "schemas": [PATCH], "Operations": operations });
    assert_eq!(world.call("PATCH", &path, &body).await.error(), (400, "invalidSyntax".into()));
    // All or nothing.
    let body = json!({ "schemas": [PATCH], "Operations": [
        { "op": "add", "path": "nickName", "value": "x" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@x.example" },
    ] });
    assert_eq!(world.call("PATCH", &path, &body).await.error(), (400, "noTarget".into()));
    assert_eq!(world.get(&path).await.json()["nickName"], Value::Null);
}
