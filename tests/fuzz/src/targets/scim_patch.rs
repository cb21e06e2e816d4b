//! SCIM PATCH: operations over a person or a group; what comes out is what could have been sent whole.

use serde_json::{Map, Value, json};
use woad_scim::fuzz::{Resource, names_attribute, patched, read_only, resource};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scim_patch",
    run: target,
    seeds,
    words: &[
        "\"op\":\"add\",", "\"op\":\"remove\",", "\"op\":\"replace\",", "\"path\":\"emails[type eq \\\"work\\\"].value\",", "\"path\":\"members\",", "\"value\":", "null", "[]", "{}",
        "emails[", "]", ".value", "primary", "true", "urn:indigo-dc:scim:schemas:IndigoUser", "userName", "name.givenName", "},{", "password", "\\u0000",
    ],
    rounds: 6000,
};

fn seeds() -> Vec<Vec<u8>> {
    let operations = [
        json!([{"op": "add", "path": "emails", "value": [{"value": "b@x.org", "primary": true}]}, {"op": "replace", "path": "name.givenName", "value": "Augusta"}]),
        json!([{"op": "remove", "path": "emails[type eq \"work\"]"}, {"op": "Replace", "path": "emails[value eq \"a@x.org\"].type", "value": "home"}]),
        json!([{"op": "add", "value": {"displayName": "x", "name": {"familyName": null}, "urn:indigo-dc:scim:schemas:IndigoUser": {"affiliation": "y"}, "phoneNumbers[type eq \"mobile\"].value": "1"}}]),
        json!([{"op": "add", "path": "members", "value": [{"value": "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a"}]}, {"op": "remove", "path": "members[value eq \"x\"]"}]),
        json!([{"op": "replace", "path": "active", "value": false}, {"op": "remove", "path": "urn:indigo-dc:scim:schemas:IndigoUser"}, {"op": "replace", "path": "addresses[primary eq true]", "value": {"country": "IT"}}]),
    ];
    let message = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let body = |operations| json!({"schemas": [message], "Operations": operations}).to_string().into_bytes();
    operations.into_iter().map(body).collect()
}

fn before(of: Resource) -> Map<String, Value> {
    let value = match of {
        Resource::User => json!({
            "userName": "ada", "active": true, "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": "ada@example.org", "type": "work", "primary": true}, {"value": "a@x.org"}],
            "addresses": [{"country": "GB", "primary": true}],
            "urn:indigo-dc:scim:schemas:IndigoUser": {"affiliation": "x"},
        }),
        Resource::Group => json!({"displayName": "cms", "members": [{"value": "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a", "type": "User"}]}),
    };
    value.as_object().cloned().unwrap_or_default()
}

fn schemas(of: Resource) -> Value {
    match of {
        Resource::User => json!(["urn:ietf:params:scim:schemas:core:2.0:User", "urn:indigo-dc:scim:schemas:IndigoUser"]),
        Resource::Group => json!(["urn:ietf:params:scim:schemas:core:2.0:Group", "urn:indigo-dc:scim:schemas:IndigoGroup"]),
    }
}

/// Any bytes as a PATCH of a person and of a group: refused, or a resource that could have been sent whole, and that
/// the same PATCH understands once more.
pub fn target(data: &[u8]) {
    for of in [Resource::User, Resource::Group] {
        let Ok(after) = patched(of, data, before(of)) else { continue };
        assert_eq!(patched(of, data, before(of)).as_ref(), Ok(&after), "a PATCH says what it does");
        for name in read_only(of) {
            assert_eq!(after.get(name), before(of).get(name), "{name} is not for clients to write");
        }
        assert!(after.keys().all(|name| names_attribute(of, name)), "no attribute is made up");
        let named = if of == Resource::User { "userName" } else { "displayName" };
        if after.contains_key(named) {
            let mut whole = after.clone();
            whole.insert("schemas".into(), schemas(of));
            let body = serde_json::to_vec(&whole).expect("JSON");
            let taken = resource(of, &body);
            assert_eq!(taken.as_ref().map(sorted), Ok(sorted(&after)), "what comes out could have been sent");
        }
    }
}

/// Equal whatever the order of its members.
fn sorted(fields: &Map<String, Value>) -> std::collections::BTreeMap<String, String> {
    fields.iter().map(|(name, value)| (name.clone(), ordered(value))).collect()
}

fn ordered(value: &Value) -> String {
    match value {
        Value::Object(fields) => format!("{:?}", sorted(fields)),
        Value::Array(values) => format!("{:?}", values.iter().map(ordered).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}
