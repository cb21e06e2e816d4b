//! Which attributes are in an answer (RFC 7644 §3.9).

use serde_json::{Map, Value};

use crate::limits::MAX_ATTRIBUTES;
use crate::path::{self, Named, Place};
use crate::schema::{Attribute, ResourceType, Returned};

/// Why the names were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProjectionError {
    /// `attributes` and `excludedAttributes` at once.
    #[error("attributes and excludedAttributes exclude each other")]
    Both,
    /// There are too many.
    #[error("more than 100 attributes are named")]
    TooMany,
    /// One can't be a name, or there is none.
    #[error("attributes and excludedAttributes must name attributes that there are")]
    Unknown,
}

/// What a request says of it, unresolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// `attributes`.
    pub(crate) only: Vec<String>,
    /// `excludedAttributes`.
    pub(crate) without: Vec<String>,
}

impl Names {
    /// From a query's comma-separated lists.
    pub(crate) fn of_query(only: Option<&str>, without: Option<&str>) -> Self {
        let split = |text: Option<&str>| {
            let names = text.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self { only: split(only), without: split(without) }
    }
}

/// The attributes of one resource type that an answer holds.
#[derive(Clone, Debug)]
pub(crate) enum Projection {
    /// Those that are returned by default.
    Default,
    /// Those named, and those that are always returned.
    Only(Vec<Named>),
    /// Those returned by default, less those named.
    Without(Vec<Named>),
}

impl Projection {
    /// Finds the attributes. `others` are types that may have a name which this one lacks.
    ///
    /// # Errors
    /// See [`ProjectionError`].
    pub(crate) fn resolve(
        names: &Names,
        kind: &ResourceType,
        others: &[&ResourceType],
    ) -> Result<Self, ProjectionError> {
        if !names.only.is_empty() && !names.without.is_empty() {
            return Err(ProjectionError::Both);
        }
        let find = |all: &[String]| {
            if all.len() > MAX_ATTRIBUTES {
                return Err(ProjectionError::TooMany);
            }
            let mut found = Vec::new();
            for name in all {
                match path::resolve(kind, name) {
                    Ok(one) => found.push(one),
                    Err(_) if others.iter().any(|other| path::resolve(other, name).is_ok()) => {}
                    Err(_) => return Err(ProjectionError::Unknown),
                }
            }
            Ok(found)
        };
        if !names.only.is_empty() {
            return find(&names.only).map(Self::Only);
        }
        if names.without.is_empty() { Ok(Self::Default) } else { find(&names.without).map(Self::Without) }
    }

    /// Whether any of an attribute is in the answer.
    pub(crate) fn wants(&self, place: &Place) -> bool {
        match (place.attribute.returned, self) {
            (Returned::Always, _) | (Returned::Default, Self::Default) => true,
            (Returned::Never, _) => false,
            (_, Self::Only(named)) => named.iter().any(|named| touches(named, place)),
            (Returned::Request, _) => false,
            (Returned::Default, Self::Without(named)) => !named.iter().any(|named| is_whole(named, place)),
        }
    }

    /// Whether an attribute was asked for by name.
    pub(crate) fn names(&self, place: &Place) -> bool {
        matches!(self, Self::Only(named) if named.iter().any(|named| named.place() == Some(place)))
    }

    /// Whether a sub-attribute is in the answer, if its attribute is.
    pub(crate) fn wants_sub(&self, place: &Place, sub: &'static Attribute) -> bool {
        let is_sub = |named: &Named| matches!(named, Named::Attribute { place: of, sub: Some(named) } if of == place && named.name == sub.name);
        match (sub.returned, self) {
            (Returned::Request, Self::Only(named)) => named.iter().any(is_sub),
            (Returned::Never | Returned::Request, _) => false,
            (Returned::Always, _) | (Returned::Default, Self::Default) => true,
            (Returned::Default, Self::Without(named)) => !named.iter().any(is_sub),
            (Returned::Default, Self::Only(named)) => named.iter().any(|named| is_sub(named) || is_whole(named, place)),
        }
    }

    /// Takes out of a resource what is not in the answer.
    pub(crate) fn apply(&self, kind: &'static ResourceType, resource: &mut Map<String, Value>) {
        resource.retain(|name, value| match kind.attribute(name) {
            Some(attribute) => self.keep(&Place { extension: None, attribute }, value),
            None => match value {
                Value::Object(fields) => {
                    fields.retain(|name, value| match kind.extension.attribute(name) {
                        Some(attribute) => self.keep(&Place { extension: Some(kind.extension.id), attribute }, value),
                        None => false,
                    });
                    !fields.is_empty()
                }
                _ => false,
            },
        });
        // Only schemas whose attributes are there are named (RFC 7643 §3).
        if let (false, Some(Value::Array(schemas))) =
            (resource.contains_key(kind.extension.id), resource.get_mut("schemas"))
        {
            schemas.retain(|schema| schema.as_str() != Some(kind.extension.id));
        }
    }

    fn keep(&self, place: &Place, value: &mut Value) -> bool {
        if !self.wants(place) {
            return false;
        }
        let prune = |value: &mut Value| {
            if let Value::Object(fields) = value {
                fields.retain(|name, _| place.attribute.sub(name).is_some_and(|sub| self.wants_sub(place, sub)));
            }
        };
        match value {
            Value::Array(values) => values.iter_mut().for_each(prune),
            one => prune(one),
        }
        true
    }
}

/// Whether a name is of this attribute, or of what is in it or around it.
fn touches(named: &Named, place: &Place) -> bool {
    match named {
        Named::Attribute { place: of, .. } => of == place,
        // All of an extension means what is returned by default.
        Named::Extension(id) => place.extension == Some(*id) && place.attribute.returned == Returned::Default,
    }
}

/// Whether a name is of this attribute or what is around it.
fn is_whole(named: &Named, place: &Place) -> bool {
    match named {
        Named::Attribute { place: of, sub } => sub.is_none() && of == place,
        Named::Extension(id) => place.extension == Some(*id),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{GROUPS, TYPES};

    fn projected(only: &str, without: &str) -> Result<Value, ProjectionError> {
        let mut group = json!({
            "schemas": ["s"], "id": "1", "externalId": "x", "displayName": "a",
            "members": [{ "value": "u", "$ref": "r", "type": "User", "display": "Alice" }],
            "meta": { "version": "v", "location": "l" },
            "urn:indigo-dc:scim:schemas:IndigoGroup": {
                "description": "d", "fullName": "b/a", "parentGroup": { "value": "p", "display": "b" },
            },
        });
        let names = Names::of_query(Some(only), Some(without));
        Projection::resolve(&names, &GROUPS, &TYPES)?.apply(&GROUPS, group.as_object_mut().unwrap());
        Ok(group)
    }

    #[test]
    fn answers_hold_what_is_asked_for() {
        const INDIGO: &str = "urn:indigo-dc:scim:schemas:IndigoGroup";
        let member = json!([{ "value": "u", "$ref": "r", "type": "User" }]);
        for (only, without, expected) in [
            (
                "",
                "",
                json!({
                    "schemas": ["s"], "id": "1", "externalId": "x", "displayName": "a", "members": member,
                    "meta": { "version": "v", "location": "l" },
                    INDIGO: { "description": "d", "parentGroup": { "value": "p" } },
                }),
            ),
            ("displayname", "", json!({ "schemas": ["s"], "id": "1", "displayName": "a" })),
            (
                "members, meta.version",
                "",
                json!({ "schemas": ["s"], "id": "1", "members": member, "meta": { "version": "v" } }),
            ),
            (
                "members.value,members.display",
                "",
                json!({ "schemas": ["s"], "id": "1", "members": [{ "value": "u", "display": "Alice" }] }),
            ),
            (
                INDIGO,
                "",
                json!({ "schemas": ["s"], "id": "1", INDIGO: { "description": "d", "parentGroup": { "value": "p" } } }),
            ),
            (
                "urn:indigo-dc:scim:schemas:IndigoGroup:fullName",
                "",
                json!({ "schemas": ["s"], "id": "1", INDIGO: { "fullName": "b/a" } }),
            ),
            ("userName", "", json!({ "schemas": ["s"], "id": "1" })),
            (
                "",
                "id,schemas,members,meta.version,externalId,urn:indigo-dc:scim:schemas:IndigoGroup",
                json!({ "schemas": ["s"], "id": "1", "displayName": "a", "meta": { "location": "l" } }),
            ),
        ] {
            assert_eq!(projected(only, without), Ok(expected), "{only} {without}");
        }
        assert_eq!(projected("id", "meta"), Err(ProjectionError::Both));
        assert_eq!(projected("shoeSize", ""), Err(ProjectionError::Unknown));
        assert_eq!(projected("", "a b"), Err(ProjectionError::Unknown));
        assert_eq!(projected(&"id,".repeat(101), ""), Err(ProjectionError::TooMany));
    }
}
