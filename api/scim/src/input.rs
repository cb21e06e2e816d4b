//! What clients send, checked against the schemas and brought into their form: names as declared, no `null`, no empty
//! list, nothing read-only.

use serde_json::{Map, Value};

use crate::path::{self, Named, Place};
use crate::schema::{Attribute, Kind, ResourceType};

/// Why a resource, or a value of it, was refused. Names attributes, never values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
    /// `schemas` is missing, or not what it should be.
    #[error("schemas must name the resource's schema once, each extension that is used, and no other")]
    Schemas,
    /// There is no such attribute.
    #[error("there is no such attribute, or sub-attribute of {0}")]
    Unknown(&'static str),
    /// The value has another type.
    #[error("{0} has a value of the wrong type")]
    Type(&'static str),
    /// A value is missing.
    #[error("{0} is required")]
    Missing(&'static str),
    /// It is there twice: with the schema's URN, and without.
    #[error("{0} is there twice")]
    Twice(&'static str),
    /// There are more values than any record holds.
    #[error("{0} has too many values")]
    TooMany(&'static str),
}

/// Checks a whole resource.
///
/// # Errors
/// See [`InputError`].
pub(crate) fn resource(
    kind: &'static ResourceType,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, InputError> {
    let mut out = Map::new();
    let mut schemas = None;
    for (name, value) in body {
        if name.eq_ignore_ascii_case("schemas") {
            schemas = Some(value);
        } else if name.eq_ignore_ascii_case(kind.extension.id) {
            let fields = extension(kind, value)?;
            if !fields.is_empty() {
                out.insert(kind.extension.id.to_owned(), fields.into());
            }
        } else {
            let Ok(Named::Attribute { place: Place { extension: None, attribute }, sub: None }) =
                path::resolve(kind, &name)
            else {
                return Err(InputError::Unknown(kind.name));
            };
            insert(&mut out, attribute, value)?;
        }
    }
    check_schemas(kind, schemas.as_ref(), out.contains_key(kind.extension.id))?;
    let required = |attribute: &&Attribute| attribute.required && !matches!(attribute.name, "schemas" | "active");
    match kind.attributes().filter(required).find(|attribute| !out.contains_key(attribute.name)) {
        Some(missing) => Err(InputError::Missing(missing.name)),
        None => Ok(out),
    }
}

/// Checks the attributes of an extension.
fn extension(kind: &'static ResourceType, value: Value) -> Result<Map<String, Value>, InputError> {
    let fields = match value {
        Value::Null => return Ok(Map::new()),
        Value::Object(fields) => fields,
        _ => return Err(InputError::Type(kind.extension.id)),
    };
    let mut out = Map::new();
    for (name, value) in fields {
        let attribute = kind.extension.attribute(&name).ok_or(InputError::Unknown(kind.extension.id))?;
        insert(&mut out, attribute, value)?;
    }
    Ok(out)
}

fn insert(out: &mut Map<String, Value>, attribute: &'static Attribute, value: Value) -> Result<(), InputError> {
    if attribute.is_read_only() {
        return Ok(());
    }
    if out.contains_key(attribute.name) {
        return Err(InputError::Twice(attribute.name));
    }
    if let Some(value) = assigned(attribute, value)? {
        out.insert(attribute.name.to_owned(), value);
    }
    Ok(())
}

fn check_schemas(kind: &ResourceType, schemas: Option<&Value>, extended: bool) -> Result<(), InputError> {
    let all = schemas.and_then(Value::as_array).ok_or(InputError::Schemas)?;
    let is = |value: &Value, id: &str| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(id));
    let core = all.iter().filter(|value| is(value, kind.core.id)).count();
    let extension = all.iter().filter(|value| is(value, kind.extension.id)).count();
    let named = !extended || extension == 1;
    if core == 1 && extension <= 1 && named && core + extension == all.len() {
        Ok(())
    } else {
        Err(InputError::Schemas)
    }
}

/// All values of an attribute; `None`: it is unassigned (RFC 7643 §2.5).
///
/// # Errors
/// See [`InputError`].
pub(crate) fn assigned(attribute: &'static Attribute, value: Value) -> Result<Option<Value>, InputError> {
    if attribute.multi {
        return match value {
            Value::Null => Ok(None),
            Value::Array(values) => {
                let values = values.into_iter().map(|value| one(attribute, value)).collect::<Result<Vec<_>, _>>()?;
                Ok((!values.is_empty()).then_some(Value::Array(values)))
            }
            _ => Err(InputError::Type(attribute.name)),
        };
    }
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex(_), value) => {
            let value = one(attribute, value)?;
            Ok(value.as_object().is_some_and(|fields| !fields.is_empty()).then_some(value))
        }
        // A text without characters says as much as none.
        (_, Value::String(text)) if text.is_empty() && !attribute.required && !attribute.is_secret() => Ok(None),
        (_, value) => one(attribute, value).map(Some),
    }
}

/// Values to add to an attribute that has several: a list of them, or one.
///
/// # Errors
/// See [`InputError`].
pub(crate) fn values(attribute: &'static Attribute, value: Value) -> Result<Vec<Value>, InputError> {
    match value {
        Value::Array(values) => values.into_iter().map(|value| one(attribute, value)).collect(),
        value => Ok(vec![one(attribute, value)?]),
    }
}

/// One value of an attribute.
///
/// # Errors
/// See [`InputError`].
pub(crate) fn one(attribute: &'static Attribute, value: Value) -> Result<Value, InputError> {
    let fits = match attribute.kind {
        Kind::Complex(_) => {
            let fields = fields(attribute, value)?;
            let missing = attribute.subs().iter().find(|sub| sub.required && !fields.contains_key(sub.name));
            return match missing {
                Some(_) if fields.is_empty() && !attribute.multi => Ok(Value::Object(fields)),
                Some(_) => Err(InputError::Missing(attribute.name)),
                None => Ok(Value::Object(fields)),
            };
        }
        Kind::Boolean => value.is_boolean(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::String | Kind::DateTime | Kind::Reference(_) => value.is_string(),
    };
    if fits { Ok(value) } else { Err(InputError::Type(attribute.name)) }
}

/// The sub-attributes of a value, which need not be all that are required.
///
/// # Errors
/// See [`InputError`].
pub(crate) fn fields(attribute: &'static Attribute, value: Value) -> Result<Map<String, Value>, InputError> {
    let Value::Object(fields) = value else { return Err(InputError::Type(attribute.name)) };
    let mut out = Map::new();
    for (name, value) in fields {
        let sub = attribute.sub(&name).ok_or(InputError::Unknown(attribute.name))?;
        insert(&mut out, sub, value)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{GROUPS, USERS};

    const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    const INDIGO: &str = "urn:indigo-dc:scim:schemas:IndigoUser";

    fn taken(body: &Value) -> Result<Value, InputError> {
        resource(&USERS, body.as_object().unwrap().clone()).map(Value::Object)
    }

    #[test]
    fn a_resource_is_brought_into_form() {
        let body = json!({
            "SCHEMAS": [USER, INDIGO],
            "id": "mine", "meta": { "version": 1 }, "groups": "x",
            "USERNAME": "alice", "nickname": null, "title": "", "photos": [],
            "urn:ietf:params:scim:schemas:core:2.0:User:displayName": "Alice",
            "name": { "GIVENNAME": "Alice", "familyName": null },
            "emails": [{ "Value": "a@b.example", "primary": true }],
            "urn:indigo-dc:scim:schemas:indigouser": { "AFFILIATION": "CNAF", "endTime": "never" },
        });
        let expected = json!({
            "userName": "alice",
            "displayName": "Alice",
            "name": { "givenName": "Alice" },
            "emails": [{ "value": "a@b.example", "primary": true }],
            INDIGO: { "affiliation": "CNAF" },
        });
        assert_eq!(taken(&body), Ok(expected));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let with = |name: &str, value: Value| json!({ "schemas": [USER], "userName": "a", name: value });
        for (body, error) in [
            (json!({ "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": USER, "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": [], "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": [USER, USER], "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": [USER, "urn:x"], "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": [USER, 7], "userName": "a" }), InputError::Schemas),
            (json!({ "schemas": [GROUPS.core.id], "userName": "a" }), InputError::Schemas),
            (with(INDIGO, json!({ "affiliation": "x" })), InputError::Schemas),
            (json!({ "schemas": [USER] }), InputError::Missing("userName")),
            (with(&format!("{USER}:userName"), json!("b")), InputError::Twice("userName")),
            (json!({ "schemas": [USER], "userName": null }), InputError::Missing("userName")),
            (with("shoeSize", json!(45)), InputError::Unknown("User")),
            (with("name.givenName", json!("x")), InputError::Unknown("User")),
            (with(INDIGO, json!({ "shoeSize": 45 })), InputError::Unknown(INDIGO)),
            (with("name", json!({ "shoeSize": 45 })), InputError::Unknown("name")),
            (with("name", json!("Alice")), InputError::Type("name")),
            (with("active", json!("true")), InputError::Type("active")),
            (with("displayName", json!(7)), InputError::Type("displayName")),
            (with("displayName", json!(["x"])), InputError::Type("displayName")),
            (with("emails", json!({ "value": "a@b.example" })), InputError::Type("emails")),
            (with("emails", json!(["a@b.example"])), InputError::Type("emails")),
            (with("emails", json!([{ "type": "work" }])), InputError::Missing("emails")),
            (with("emails", json!([{}])), InputError::Missing("emails")),
            (with("emails", json!([null])), InputError::Type("emails")),
            (with(INDIGO, json!([])), InputError::Type(INDIGO)),
        ] {
            assert_eq!(taken(&body), Err(error), "{body}");
        }
    }
}
