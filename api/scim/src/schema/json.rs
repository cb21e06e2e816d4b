//! Schemas as they stand at `/Schemas` (RFC 7643 §7).

use serde_json::{Map, Value, json};

use super::Schema;
use super::attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};

/// One schema.
pub(crate) fn schema_json(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(attribute_json).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id) },
    })
}

fn attribute_json(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::String => "string",
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Reference(_) => "reference",
        Kind::Complex(_) => "complex",
    };
    let mutability = match attribute.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::WriteOnly => "writeOnly",
        Mutability::Immutable => "immutable",
    };
    let returned = match attribute.returned {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
        Returned::Request => "request",
    };
    let uniqueness = match attribute.uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
    };
    let mut out = Map::new();
    out.insert("name".into(), attribute.name.into());
    out.insert("type".into(), kind.into());
    out.insert("multiValued".into(), attribute.multi.into());
    out.insert("description".into(), attribute.description.into());
    out.insert("required".into(), attribute.required.into());
    if !attribute.canonical.is_empty() {
        out.insert("canonicalValues".into(), attribute.canonical.into());
    }
    if matches!(attribute.kind, Kind::String | Kind::Reference(_)) {
        out.insert("caseExact".into(), attribute.case_exact.into());
    }
    out.insert("mutability".into(), mutability.into());
    out.insert("returned".into(), returned.into());
    out.insert("uniqueness".into(), uniqueness.into());
    match attribute.kind {
        Kind::Reference(types) => {
            out.insert("referenceTypes".into(), types.into());
        }
        Kind::Complex(subs) => {
            out.insert("subAttributes".into(), subs.iter().map(attribute_json).collect());
        }
        _ => {}
    }
    Value::Object(out)
}
