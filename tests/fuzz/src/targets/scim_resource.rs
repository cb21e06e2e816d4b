//! People and groups as SCIM clients send them.

use serde_json::{Map, Value, json};
use woad_scim::fuzz::{Resource, read_only, resource};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scim_resource",
    run: target,
    seeds,
    words: &["\"schemas\":[", "\"userName\":\"", "\"emails\":[{", "\"EMAILS\":", "null", "[[[[[[[[", "{\"a\":{\"a\":", "\\ud800", "1e999", "\"active\":\"True\"", "\"password\":", "\"id\":", "urn:indigo-dc:scim:schemas:IndigoUser", "\u{0}"],
    rounds: 8000,
};

fn seeds() -> Vec<Vec<u8>> {
    [
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "name": {"givenName": "Ada", "familyName": "L"}, "emails": [{"value": "a@x.org", "primary": true}], "active": true, "password": "x"}),
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:indigo-dc:scim:schemas:IndigoUser"], "userName": "b", "urn:indigo-dc:scim:schemas:IndigoUser": {"affiliation": "x", "sshKeys": []}, "id": "x", "meta": {}}),
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "cms", "members": [{"value": "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a", "type": "User"}]}),
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "urn:indigo-dc:scim:schemas:IndigoGroup"], "displayName": "g", "urn:indigo-dc:scim:schemas:IndigoGroup": {"parentGroup": {"value": "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a"}, "description": "d"}}),
    ]
    .map(|value| value.to_string().into_bytes())
    .to_vec()
}

fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(depth).max().unwrap_or(0),
        Value::Array(values) => values.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn has_null(fields: &Map<String, Value>) -> bool {
    fields.values().any(|value| match value {
        Value::Null => true,
        Value::Object(fields) => has_null(fields),
        Value::Array(values) => values.iter().filter_map(Value::as_object).any(has_null),
        _ => false,
    })
}

/// Any bytes: refused, or a resource in the form that everything behind relies on.
pub fn target(data: &[u8]) {
    for of in [Resource::User, Resource::Group] {
        let Ok(taken) = resource(of, data) else { continue };
        let plain: Value = serde_json::from_slice(data).expect("what is taken is JSON");
        assert!(plain.is_object() && depth(&plain) <= 18);
        assert!(!has_null(&taken), "null is as good as absent, and gone");
        assert!(read_only(of).iter().all(|name| !taken.contains_key(*name)), "nothing read-only is taken");
        assert!(taken.values().all(|value| value.as_array().is_none_or(|values| !values.is_empty())));
        assert_eq!(resource(of, data), Ok(taken));
    }
}
