use serde_json::{Value, json};

use super::*;
use crate::schema::USERS;

const INDIGO: &str = "urn:indigo-dc:scim:schemas:IndigoUser";

fn user() -> Value {
    json!({
        "userName": "alice",
        "active": true,
        "name": { "givenName": "Alice", "familyName": "Liddell" },
        "emails": [
            { "value": "a@work.example", "type": "work", "primary": true },
            { "value": "a@home.example", "type": "home", "primary": false },
        ],
        INDIGO: { "affiliation": "CNAF" },
    })
}

fn body(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn patched_body(body: Value) -> Result<Value, PatchError> {
    let Value::Object(body) = body else { panic!("no object") };
    let Value::Object(mut resource) = user() else { panic!("no object") };
    apply(parse(&USERS, body)?, &mut resource)?;
    Ok(resource.into())
}

/// What one operation changes: the attributes that differ, `null` where they are gone.
fn changed(operation: &Value) -> Result<Value, PatchError> {
    let (old, new) = (user(), patched_body(body(&json!([operation])))?);
    let mut out = serde_json::Map::new();
    for name in old.as_object().unwrap().keys().chain(new.as_object().unwrap().keys()) {
        if old.get(name) != new.get(name) {
            out.insert(name.clone(), new.get(name).cloned().unwrap_or_default());
        }
    }
    Ok(out.into())
}

#[test]
fn operations_do_what_the_rfc_says() {
    let work = || json!({ "value": "a@work.example", "type": "work", "primary": true });
    let work_no_more = || json!({ "value": "a@work.example", "type": "work", "primary": false });
    let home = || json!({ "value": "a@home.example", "type": "home", "primary": false });
    let new = || json!({ "value": "new@x.example", "primary": true });
    for (operation, expected) in [
        (json!({ "op": "add", "path": "nickName", "value": "Al" }), json!({ "nickName": "Al" })),
        (json!({ "op": "Replace", "path": "NICKNAME", "value": "Al" }), json!({ "nickName": "Al" })),
        (
            json!({ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:userName", "value": "b" }),
            json!({ "userName": "b" }),
        ),
        (
            json!({ "op": "add", "path": "name", "value": { "middleName": "P" } }),
            json!({ "name": { "givenName": "Alice", "familyName": "Liddell", "middleName": "P" } }),
        ),
        (
            json!({ "op": "replace", "path": "name", "value": { "givenName": "B", "familyName": null } }),
            json!({ "name": { "givenName": "B" } }),
        ),
        (
            json!({ "op": "add", "path": "name.givenName", "value": "B" }),
            json!({ "name": { "givenName": "B", "familyName": "Liddell" } }),
        ),
        (json!({ "op": "remove", "path": "name.givenName" }), json!({ "name": { "familyName": "Liddell" } })),
        (json!({ "op": "remove", "path": "name" }), json!({ "name": null })),
        (json!({ "op": "replace", "path": "name", "value": null }), json!({ "name": null })),
        (json!({ "op": "remove", "path": "nickName" }), json!({})),
        (
            json!({ "op": "add", "path": "emails", "value": [new()] }),
            json!({ "emails": [work_no_more(), home(), new()] }),
        ),
        (json!({ "op": "add", "path": "emails", "value": home() }), json!({})),
        (json!({ "op": "replace", "path": "emails", "value": [new()] }), json!({ "emails": [new()] })),
        (json!({ "op": "replace", "path": "emails", "value": [] }), json!({ "emails": null })),
        (json!({ "op": "remove", "path": "emails" }), json!({ "emails": null })),
        (json!({ "op": "remove", "path": "emails[type eq \"home\"]" }), json!({ "emails": [work()] })),
        (
            json!({ "op": "remove", "path": "emails", "value": [{ "value": "a@home.example", "type": "home" }] }),
            json!({ "emails": [work()] }),
        ),
        (
            json!({ "op": "remove", "path": "emails[type eq \"work\"].type" }),
            json!({ "emails": [{ "value": "a@work.example", "primary": true }, home()] }),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@work.example" }),
            json!({ "emails": [{ "value": "b@work.example", "type": "work", "primary": true }, home()] }),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"home\"]", "value": new() }),
            json!({ "emails": [work_no_more(), new()] }),
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"home\"]", "value": { "primary": true } }),
            json!({ "emails": [work_no_more(), { "value": "a@home.example", "type": "home", "primary": true }] }),
        ),
        (
            json!({ "op": "replace", "path": "emails.type", "value": "other" }),
            json!({ "emails": [
            { "value": "a@work.example", "type": "other", "primary": true },
            { "value": "a@home.example", "type": "other", "primary": false },
         ] }),
        ),
        (
            json!({ "op": "add", "value": { "nickName": "Al", "id": "x", "meta": {}, "schemas": [], "name": { "givenName": "B" } } }),
            json!({ "nickName": "Al", "name": { "givenName": "B", "familyName": "Liddell" } }),
        ),
        (
            json!({ "op": "replace", "value": { INDIGO: { "affiliation": "INFN" } } }),
            json!({ INDIGO: { "affiliation": "INFN" } }),
        ),
        (
            json!({ "op": "replace", "path": format!("{INDIGO}:affiliation"), "value": "INFN" }),
            json!({ INDIGO: { "affiliation": "INFN" } }),
        ),
        (
            json!({ "op": "add", "path": INDIGO, "value": { "schemas": [INDIGO], "affiliation": "INFN" } }),
            json!({ INDIGO: { "affiliation": "INFN" } }),
        ),
        (json!({ "op": "remove", "path": INDIGO }), json!({ INDIGO: null })),
        (json!({ "op": "add", "path": "externalId", "value": "X" }), json!({ "externalId": "X" })),
    ] {
        assert_eq!(changed(&operation), Ok(expected), "{operation}");
    }
}

#[test]
fn what_clients_send_beyond_the_rfc_does_the_one_thing_that_it_can_mean() {
    let work = || json!({ "value": "a@work.example", "type": "work", "primary": true });
    let work_no_more = || json!({ "value": "a@work.example", "type": "work", "primary": false });
    let home = || json!({ "value": "a@home.example", "type": "home", "primary": false });
    for (operation, expected) in [
        (json!({ "op": "Replace", "path": "active", "value": "False" }), json!({ "active": false })),
        (json!({ "op": "replace", "value": { "active": "FALSE" } }), json!({ "active": false })),
        (
            json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True" }),
            json!({ "emails": [work_no_more(), { "value": "a@home.example", "type": "home", "primary": true }] }),
        ),
        (
            json!({ "op": "Add", "path": "emails[type eq \"Other\"].value", "value": "new@x.example" }),
            json!({ "emails": [work(), home(), { "type": "Other", "value": "new@x.example" }] }),
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"other\" and primary eq true]", "value": { "value": "o@x.example" } }),
            json!({ "emails": [work_no_more(), home(), { "type": "other", "primary": true, "value": "o@x.example" }] }),
        ),
        (
            json!({ "op": "add", "value": { "emails[type eq \"home\"].value": "b@home.example", "name.givenName": "B" } }),
            json!({
                "emails": [work(), { "value": "b@home.example", "type": "home", "primary": false }],
                "name": { "givenName": "B", "familyName": "Liddell" },
            }),
        ),
        (
            json!({ "op": "add", "path": "emails", "value": [{ "value": "A@Home.example", "type": "Home" }] }),
            json!({ "emails": [work(), { "value": "A@Home.example", "type": "Home" }] }),
        ),
    ] {
        assert_eq!(changed(&operation), Ok(expected), "{operation}");
    }
}

#[test]
fn what_can_t_be_is_refused() {
    use crate::filter::FilterError;
    use crate::input::InputError;
    for (operation, error) in [
        (json!({ "op": "copy", "path": "nickName", "value": "x" }), PatchError::Operation),
        (json!({ "path": "nickName", "value": "x" }), PatchError::Operation),
        (json!({ "op": 7, "path": "nickName" }), PatchError::Operation),
        (json!({ "op": "add", "path": "nickName", "value": "x", "more": 1 }), PatchError::Syntax),
        (json!("add"), PatchError::Syntax),
        (json!({ "op": "remove" }), PatchError::NoTarget),
        (json!({ "op": "remove", "value": { "nickName": "x" } }), PatchError::NoTarget),
        (json!({ "op": "add", "path": "emails[type eq", "value": "x" }), PatchError::Path),
        (json!({ "op": "add", "path": "", "value": "x" }), PatchError::Path),
        (json!({ "op": "add", "path": 7, "value": "x" }), PatchError::Path),
        (json!({ "op": "add", "path": "shoeSize", "value": 45 }), PatchError::Path),
        (json!({ "op": "add", "path": "name.shoeSize", "value": 45 }), PatchError::Path),
        (json!({ "op": "add", "path": "userName[value eq \"a\"]", "value": "x" }), PatchError::Path),
        (json!({ "op": "add", "path": "emails[type eq \"work\"].shoeSize", "value": "x" }), PatchError::Path),
        (
            json!({ "op": "add", "path": "emails[shoeSize eq 45]", "value": {} }),
            PatchError::Filter(FilterError::UnknownAttribute),
        ),
        (
            json!({ "op": "add", "path": "emails[primary eq \"x\"]", "value": {} }),
            PatchError::Filter(FilterError::WrongType("primary")),
        ),
        (json!({ "op": "add", "value": { "shoeSize": 45 } }), PatchError::Path),
        (json!({ "op": "add", "value": "x" }), PatchError::Value(InputError::Type("value"))),
        (json!({ "op": "add" }), PatchError::NoValue),
        (json!({ "op": "add", "path": "nickName" }), PatchError::NoValue),
        (json!({ "op": "add", "path": "nickName", "value": null }), PatchError::NoValue),
        (json!({ "op": "replace", "path": "emails[type eq \"fax\"].value", "value": "x" }), PatchError::NoTarget),
        (json!({ "op": "remove", "path": "emails[type eq \"fax\"]" }), PatchError::NoTarget),
        (json!({ "op": "replace", "path": "photos.type", "value": "x" }), PatchError::NoTarget),
        (json!({ "op": "replace", "path": "id", "value": "x" }), PatchError::Mutability("id")),
        (json!({ "op": "replace", "path": "schemas", "value": [] }), PatchError::Mutability("schemas")),
        (json!({ "op": "replace", "path": "meta.version", "value": "x" }), PatchError::Mutability("version")),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }), PatchError::Mutability("groups")),
        (json!({ "op": "add", "value": { "groups": [] } }), PatchError::Mutability("groups")),
        (json!({ "op": "add", "path": format!("{INDIGO}:sshKeys"), "value": [] }), PatchError::Mutability("sshKeys")),
        (json!({ "op": "remove", "path": "userName" }), PatchError::Mutability("userName")),
        (json!({ "op": "replace", "path": "userName", "value": null }), PatchError::Mutability("userName")),
        (json!({ "op": "remove", "path": "active" }), PatchError::Mutability("active")),
        (json!({ "op": "remove", "path": "emails[type eq \"work\"].value" }), PatchError::Mutability("value")),
        (json!({ "op": "add", "path": "active", "value": "no" }), PatchError::Value(InputError::Type("active"))),
        (
            json!({ "op": "add", "path": "emails[type ne \"fax\" and type eq \"fax\"].value", "value": "x" }),
            PatchError::NoTarget,
        ),
        (json!({ "op": "add", "path": "emails[value eq \"x\"].value", "value": "y" }), PatchError::NoTarget),
        (
            json!({ "op": "add", "path": "emails[type eq \"fax\"].display", "value": "x" }),
            PatchError::Value(InputError::Missing("emails")),
        ),
        (
            json!({ "op": "add", "path": "emails", "value": (0..101).map(|n| json!({ "value": n.to_string() })).collect::<Vec<_>>() }),
            PatchError::Value(InputError::TooMany("emails")),
        ),
        (json!({ "op": "add", "path": "emails", "value": "x" }), PatchError::Value(InputError::Type("emails"))),
        (
            json!({ "op": "add", "path": "emails", "value": [{ "type": "work" }] }),
            PatchError::Value(InputError::Missing("emails")),
        ),
        (
            json!({ "op": "add", "path": "name", "value": { "shoeSize": 45 } }),
            PatchError::Value(InputError::Unknown("name")),
        ),
    ] {
        assert_eq!(changed(&operation), Err(error), "{operation}");
    }
}

#[test]
fn a_body_is_one_message_with_some_operations() {
    let one = || json!({ "op": "add", "path": "nickName", "value": "x" });
    for bad in [
        json!({}),
        json!({ "Operations": [one()] }),
        json!({ "schemas": [], "Operations": [one()] }),
        json!({ "schemas": ["urn:x"], "Operations": [one()] }),
        body(&json!([])),
        body(&json!({})),
        body(&Value::Array(vec![one(); 201])),
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [one()], "x": 1 }),
    ] {
        assert_eq!(patched_body(bad.clone()), Err(PatchError::Syntax), "{bad}");
    }
    // In order, on the same attribute.
    let operations =
        json!([one(), { "op": "remove", "path": "nickName" }, { "op": "replace", "path": "nickName", "value": "y" }]);
    assert_eq!(patched_body(body(&operations)).unwrap()["nickName"], "y");
}
