use serde_json::{Value, json};

use crate::testing::{GROUP, INDIGO_GROUP, World};

fn parent(id: &str) -> Value {
    json!({ "schemas": [GROUP, INDIGO_GROUP], INDIGO_GROUP: { "parentGroup": { "value": id } } })
}

fn member(id: &str) -> Value {
    json!({ "value": id, "$ref": format!("https://iam.example.org/scim/v2/Users/{id}"), "type": "User" })
}

#[tokio::test]
async fn a_group_is_made_below_another_and_moved() {
    let world = World::new();
    let user = world.user("alice", json!({})).await.id();
    let top = world.group("top", json!({})).await.id();
    let mut more = parent(&top);
    more["members"] = json!([{ "value": user }]);
    let sub = world.group("sub", more).await;
    assert_eq!(sub.status, 201, "{}", sub.text);
    assert_eq!(sub.json()["members"], json!([member(&user)]));
    // Whoever is in a group is in those above it.
    assert_eq!(world.get(&format!("/Groups/{top}")).await.json()["members"], json!([member(&user)]));
    let path = format!("/Groups/{}", sub.id());
    let named = "attributes=urn:indigo-dc:scim:schemas:IndigoGroup:fullName,members.display";
    let shown = world.get(&format!("{path}?{named}")).await.json();
    assert_eq!(shown[INDIGO_GROUP]["fullName"], "top/sub");
    assert_eq!(shown["members"], json!([{ "display": "alice" }]));

    let other = world.group("other", json!({})).await.id();
    let place = "urn:indigo-dc:scim:schemas:IndigoGroup:parentGroup";
    let moved = world.patch(&path, json!({ "op": "replace", "path": place, "value": { "value": other } })).await;
    assert_eq!(moved.json()[INDIGO_GROUP]["parentGroup"]["value"], json!(other), "{}", moved.text);
    assert_eq!(world.get(&format!("/Groups/{other}")).await.json()["members"], json!([member(&user)]));
    let below_itself = json!({ "op": "replace", "path": place, "value": { "value": sub.id() } });
    assert_eq!(world.patch(&path, below_itself).await.error(), (400, "invalidValue".into()));
    let cycle = json!({ "op": "add", "path": place, "value": { "value": sub.id() } });
    assert_eq!(world.patch(&format!("/Groups/{other}"), cycle).await.error(), (400, "invalidValue".into()));
    assert_eq!(world.call("DELETE", &format!("/Groups/{other}"), &Value::Null).await.error().0, 409);
    let root = world.patch(&path, json!({ "op": "remove", "path": place })).await;
    assert_eq!(root.json()[INDIGO_GROUP], Value::Null);
    let taken = world.group("other", json!({})).await;
    assert_eq!(taken.error(), (409, "uniqueness".into()));
    // Members leave with the group.
    assert_eq!(world.call("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn members_join_and_leave() {
    let world = World::new();
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(world.user(name, json!({})).await.id());
    }
    ids.sort();
    let (a, b, c) = (&ids[0], &ids[1], &ids[2]);
    let path = format!("/Groups/{}", world.group("g", json!({})).await.id());
    let value = |ids: &[&String]| ids.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>();
    for (operation, expected) in [
        (json!({ "op": "add", "path": "members", "value": value(&[a, b]) }), &[a, b][..]),
        (json!({ "op": "add", "path": "members", "value": value(&[b, c]) }), &[a, b, c]),
        (json!({ "op": "remove", "path": format!("members[value eq \"{a}\"]") }), &[b, c]),
        (json!({ "op": "remove", "path": format!("members[value eq \"{b}\" or type eq \"Group\"]") }), &[c]),
        (json!({ "op": "replace", "path": "members", "value": value(&[a]) }), &[a]),
        (json!({ "op": "add", "value": { "members": value(&[b]), "externalId": "X" } }), &[a, b]),
        (json!({ "op": "remove", "path": "members", "value": value(&[a, c]) }), &[b]),
        (json!({ "op": "remove", "path": "members[type eq \"User\"]" }), &[]),
        (json!({ "op": "add", "path": "members", "value": value(&[a]) }), &[a]),
        (json!({ "op": "remove", "path": "members" }), &[]),
        (json!({ "op": "remove", "path": "members" }), &[]),
    ] {
        let answer = world.patch(&path, operation.clone()).await;
        let members: Vec<Value> = expected.iter().map(|id| member(id)).collect();
        let shown = answer.json()["members"].as_array().cloned().unwrap_or_default();
        assert_eq!((answer.status, shown), (200, members), "{operation}: {}", answer.text);
    }
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (operation, kind) in [
        (json!({ "op": "remove", "path": format!("members[value eq \"{a}\"]") }), "noTarget"),
        (json!({ "op": "add", "path": "members", "value": [{ "value": unknown }] }), "invalidValue"),
        (json!({ "op": "add", "path": "members", "value": [{ "value": "x" }] }), "invalidValue"),
        (json!({ "op": "add", "path": "members", "value": [{ "value": a, "type": "Group" }] }), "invalidValue"),
        (json!({ "op": "replace", "path": format!("members[value eq \"{a}\"].value"), "value": b }), "mutability"),
        (json!({ "op": "add", "path": format!("members[value eq \"{a}\"]"), "value": {} }), "mutability"),
    ] {
        assert_eq!(world.patch(&path, operation.clone()).await.error(), (400, kind.into()), "{operation}");
    }
}

/// As many as one transaction holds; one more is refused whole.
#[tokio::test]
async fn a_hundred_members_join_at_once_and_no_more() {
    let world = World::new();
    let mut members = Vec::new();
    for place in 0..101_u8 {
        let id = woad_identity::UserId([place.wrapping_add(100); 16]);
        world.person(id, &format!("user{place}"));
        members.push(json!({ "value": id.to_string() }));
    }
    let path = format!("/Groups/{}", world.group("g", json!({})).await.id());
    let add = |members: &[Value]| json!({ "op": "add", "path": "members", "value": members });
    assert_eq!(world.patch(&path, add(&members)).await.error().0, 413);
    assert_eq!(world.get(&path).await.json()["members"], Value::Null);
    let answer = world.patch(&path, add(&members[..100])).await;
    assert_eq!((answer.status, answer.json()["members"].as_array().unwrap().len()), (200, 100));
    let user = members[0]["value"].as_str().unwrap();
    let found = world.find("/Groups", &format!("members.value eq \"{user}\"")).await.json();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(world.call("DELETE", &path, &Value::Null).await.status, 204);
}

#[tokio::test]
async fn a_replacement_says_what_it_changes_and_may_repeat_the_rest() {
    let world = World::new();
    let mut members = Vec::new();
    for place in 0..150_u8 {
        let id = woad_identity::UserId([place.wrapping_add(50); 16]);
        world.person(id, &format!("user{place}"));
        members.push(json!({ "value": id.to_string() }));
    }
    let top = world.group("top", json!({})).await.id();
    let path = format!("/Groups/{}", world.group("g", parent(&top)).await.id());
    for some in members.chunks(75) {
        let joined = world.patch(&path, json!({ "op": "add", "path": "members", "value": some })).await;
        assert_eq!(joined.status, 200, "{}", joined.text);
    }
    // More than a request may change, and only one of them new or gone.
    let body = |name: &str, members: &[Value]| json!({ "schemas": [GROUP], "displayName": name, "members": members });
    let put = world.call("PUT", &path, &body("h", &members[1..])).await;
    assert_eq!((put.status, put.json()["members"].as_array().unwrap().len()), (200, 149), "{}", put.text);
    // Who says nothing of the place moves nothing.
    assert_eq!(put.json()[INDIGO_GROUP]["parentGroup"]["value"], json!(top));
    assert_eq!(world.call("PUT", &path, &body("h", &[])).await.error().0, 413);
}

/// A client that asks whether somebody is in a group is told, however large the group is.
#[tokio::test]
async fn a_member_is_found_among_many_without_reading_them() {
    let world = World::new();
    let id = world.user("alice", json!({})).await.id();
    let other = world.user("bob", json!({})).await.id();
    let group = world.group("g", json!({ "members": [{ "value": id }] })).await.id();
    for (filter, expected) in [
        (format!("id eq \"{group}\" and members eq \"{id}\""), 1),
        (format!("id eq \"{group}\" and members.value eq \"{other}\""), 0),
        (format!("members[value eq \"{id}\" and type eq \"User\"]"), 1),
        (format!("members[value eq \"{id}\" and type eq \"Group\"]"), 0),
        (format!("not (members.value eq \"{other}\") and displayName eq \"g\""), 1),
        (format!("members.value ne \"{id}\""), 0),
        (format!("members[not (value eq \"{other}\")]"), 1),
        ("members.value sw \"\"".to_owned(), 1),
    ] {
        assert_eq!(world.find("/Groups", &filter).await.json()["totalResults"], expected, "{filter}");
    }
}
