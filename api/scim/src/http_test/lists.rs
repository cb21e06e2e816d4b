use serde_json::{Value, json};

use crate::testing::{Answer, SEARCH, World};

fn names(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let name = |resource: &Value| {
        let name = resource.get("userName").or_else(|| resource.get("displayName"));
        name.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    body["Resources"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).iter().map(name).collect()
}

async fn people() -> World {
    let world = World::new();
    for (name, given) in [("bob", "Zoe"), ("Carol", "Yan"), ("dave", "Xia")] {
        let more = json!({ "externalId": format!("X-{name}"), "name": { "givenName": given }, "emails": [{ "value": format!("{name}@x.example") }] });
        assert_eq!(world.user(name, more).await.status, 201);
    }
    world.group("staff", json!({})).await;
    world
}

#[tokio::test]
async fn filters_find_people_by_index_and_without() {
    let world = people().await;
    for (filter, expected) in [
        ("userName eq \"BOB\"", &["bob"][..]),
        ("externalId eq \"X-bob\"", &["bob"]),
        ("externalId eq \"x-bob\"", &[]),
        ("emails eq \"Dave@x.example\"", &["dave"]),
        ("emails.value ew \"x.example\" and not (userName eq \"dave\")", &["bob", "Carol"]),
        ("groups.value eq \"x\"", &[]),
        ("name.givenName gt \"x\" and active eq true", &["bob", "Carol", "dave"]),
        ("userName eq \"nobody\"", &[]),
    ] {
        let answer = world.find("/Users", filter).await;
        let mut found = names(&answer);
        found.sort_by_key(|name| name.to_lowercase());
        assert_eq!(found, expected, "{filter}");
        assert_eq!(answer.json()["totalResults"], expected.len(), "{filter}");
    }
    assert_eq!(names(&world.find("/Groups", "displayName eq \"STAFF\"").await), ["staff"]);
}

#[tokio::test]
async fn lists_are_ordered_and_cut_into_pages() {
    let world = people().await;
    let ascending = world.get("/Users?sortBy=userName").await;
    assert_eq!(names(&ascending), ["admin", "bob", "Carol", "dave"]);
    assert_eq!(
        names(&world.get("/Users?sortBy=userName&sortOrder=descending").await),
        ["dave", "Carol", "bob", "admin"]
    );
    // Who has no value is last, or first.
    assert_eq!(names(&world.get("/Users?sortBy=name.givenName").await), ["dave", "Carol", "bob", "admin"]);
    assert_eq!(names(&world.get("/Users?sortBy=name.givenName&sortOrder=descending").await)[0], "admin");
    for (query, expected, start, total) in [
        ("startIndex=2&count=2", &["bob", "Carol"][..], 2, 4),
        ("startIndex=0&count=1", &["admin"], 1, 4),
        ("startIndex=-1&count=1", &["admin"], 1, 4),
        ("startIndex=18446744073709551616", &[], i64::MAX, 4),
        ("startIndex=5", &[], 5, 4),
        ("count=0", &[], 1, 4),
        ("count=-1", &[], 1, 4),
        ("count=1000000000", &["admin", "bob", "Carol", "dave"], 1, 4),
    ] {
        let answer = world.get(&format!("/Users?sortBy=userName&{query}")).await;
        let body = answer.json();
        assert_eq!(names(&answer), expected, "{query}");
        assert_eq!((&body["startIndex"], &body["totalResults"]), (&json!(start), &json!(total)), "{query}");
        assert_eq!(body["itemsPerPage"], expected.len(), "{query}");
    }
}

/// RFC 9865.
#[tokio::test]
async fn cursors_lead_through_the_list_and_back() {
    let world = people().await;
    for query in ["count=3", "count=3&sortBy=userName", "count=3&filter=userName+pr"] {
        let first = world.get(&format!("/Users?{query}&cursor")).await.json();
        let next = first["nextCursor"].as_str().unwrap_or_else(|| panic!("{first}"));
        assert_eq!(first["startIndex"], Value::Null);
        let second = world.get(&format!("/Users?{query}&cursor={next}")).await.json();
        assert_eq!(second["Resources"].as_array().unwrap().len(), 1, "{query}");
        assert_eq!(second["nextCursor"], Value::Null);
        if let Some(previous) = second["previousCursor"].as_str() {
            let back = world.get(&format!("/Users?{query}&cursor={previous}")).await.json();
            assert_eq!(back["Resources"], first["Resources"], "{query}");
            assert_eq!(back["totalResults"], 4);
        } else {
            assert_eq!(query, "count=3");
        }
    }
    for (query, kind) in [
        ("cursor=x", "invalidCursor"),
        ("cursor=e30", "invalidCursor"),
        ("cursor&count=0", "invalidCount"),
        ("cursor&count=-1", "invalidCount"),
        ("cursor&startIndex=1", "invalidValue"),
    ] {
        assert_eq!(world.get(&format!("/Users?{query}")).await.error(), (400, kind.into()), "{query}");
    }
}

#[tokio::test]
async fn searches_are_lists_by_post_over_one_type_or_all() {
    let world = people().await;
    let search = |more: Value| {
        let mut body = json!({ "schemas": [SEARCH] });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        body
    };
    let by_name =
        search(json!({ "filter": "userName sw \"b\"", "attributes": ["userName"], "startIndex": 1, "count": 10 }));
    let answer = world.call("POST", "/Users/.search", &by_name).await.json();
    let found = &answer["Resources"][0];
    assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);
    let both = search(json!({ "filter": "userName eq \"bob\" or displayName eq \"staff\"" }));
    assert_eq!(names(&world.call("POST", "/.search", &both).await), ["bob", "staff"]);
    let groups = search(json!({ "filter": "meta.resourceType eq \"Group\"" }));
    assert_eq!(names(&world.call("POST", "/.search", &groups).await), ["staff"]);
    let all = search(json!({ "cursor": "", "count": 2 }));
    let first = world.call("POST", "/.search", &all).await.json();
    let mut seen = first["Resources"].as_array().unwrap().len();
    let mut next = first["nextCursor"].clone();
    while let Some(cursor) = next.as_str() {
        let page = world.call("POST", "/.search", &search(json!({ "cursor": cursor, "count": 2 }))).await.json();
        seen += page["Resources"].as_array().unwrap().len();
        next = page["nextCursor"].clone();
    }
    assert_eq!(seen, 5);
    for (body, kind) in [
        (json!({}), "invalidSyntax"),
        (json!({ "schemas": ["urn:x"] }), "invalidSyntax"),
        (search(json!({ "shoeSize": 45 })), "invalidSyntax"),
        (search(json!({ "filter": 7 })), "invalidValue"),
        (search(json!({ "count": "x" })), "invalidValue"),
        (search(json!({ "count": 1.5 })), "invalidValue"),
        (search(json!({ "sortOrder": "upward" })), "invalidValue"),
        (search(json!({ "sortBy": "shoeSize" })), "invalidValue"),
        (search(json!({ "sortBy": "name" })), "invalidValue"),
        (search(json!({ "attributes": [7] })), "invalidValue"),
        (search(json!({ "attributes": ["id"], "excludedAttributes": ["meta"] })), "invalidValue"),
        (search(json!({ "filter": "shoeSize eq 45" })), "invalidFilter"),
        (search(json!({ "filter": "x".repeat(9000) })), "tooMany"),
        (
            search(json!({ "filter": format!("userName eq {}\"a\"{}", "(".repeat(33), ")".repeat(33)) })),
            "invalidFilter",
        ),
    ] {
        assert_eq!(world.call("POST", "/.search", &body).await.error(), (400, kind.into()), "{body}");
    }
}
