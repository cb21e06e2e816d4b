//! Schemas, parameters and answers that operations share.

use serde_json::{Map, Value, json};

use crate::limits::{MAX_ATTRIBUTES, MAX_FILTER_BYTES, MAX_OPERATIONS};
use crate::schema::{Attribute, GROUPS, Kind, Mutability, ResourceType, Returned, USERS};

/// Which way a resource goes.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// From a client.
    In,
    /// To one.
    Out,
}

/// Everything under `components`.
pub(super) fn all() -> Value {
    json!({
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An access token with scim:read or scim:write; at /Me any token of a person reads",
            },
        },
        "parameters": parameters(),
        "headers": headers(),
        "responses": responses(),
        "schemas": {
            "User": resource(&USERS, Way::Out),
            "UserInput": resource(&USERS, Way::In),
            "Group": resource(&GROUPS, Way::Out),
            "GroupInput": resource(&GROUPS, Way::In),
            "UserList": list(&json!({ "$ref": "#/components/schemas/User" })),
            "GroupList": list(&json!({ "$ref": "#/components/schemas/Group" })),
            "ResourceList": list(&json!({ "anyOf": [
                { "$ref": "#/components/schemas/User" },
                { "$ref": "#/components/schemas/Group" },
            ] })),
            "Document": { "type": "object", "required": ["schemas"] },
            "DocumentList": list(&json!({ "$ref": "#/components/schemas/Document" })),
            "PatchOp": patch(),
            "SearchRequest": search(),
            "Error": error(),
        },
    })
}

fn resource(kind: &'static ResourceType, way: Way) -> Value {
    let mut properties = properties(kind.attributes(), way);
    properties.insert(
        "schemas".into(),
        json!({
            "type": "array",
            "items": { "enum": [kind.core.id, kind.extension.id] },
            "contains": { "const": kind.core.id },
            "uniqueItems": true,
        }),
    );
    let extension = self::properties(kind.extension.attributes.iter(), way);
    properties.insert(kind.extension.id.into(), json!({ "type": "object", "properties": extension }));
    let required: Vec<&str> = match way {
        Way::Out => vec!["schemas", "id"],
        Way::In => kind
            .attributes()
            .filter(|attribute| attribute.required && attribute.name != "active")
            .map(|attribute| attribute.name)
            .collect(),
    };
    let mut out = json!({ "type": "object", "required": required, "properties": properties });
    if let (Way::Out, Some(fields)) = (way, out.as_object_mut()) {
        fields.insert("additionalProperties".into(), false.into());
    }
    out
}

fn properties(attributes: impl Iterator<Item = &'static Attribute>, way: Way) -> Map<String, Value> {
    let goes = |attribute: &&'static Attribute| match way {
        Way::In => attribute.mutability != Mutability::ReadOnly,
        Way::Out => attribute.returned != Returned::Never,
    };
    attributes.filter(goes).map(|attribute| (attribute.name.to_owned(), property(attribute, way))).collect()
}

fn property(attribute: &'static Attribute, way: Way) -> Value {
    let one = match attribute.kind {
        Kind::String | Kind::Reference(_) => json!({ "type": "string" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::DateTime => json!({ "type": "string", "format": "date-time" }),
        Kind::Complex(subs) => {
            let required: Vec<&str> = match way {
                Way::In => subs.iter().filter(|sub| sub.required).map(|sub| sub.name).collect(),
                Way::Out => Vec::new(),
            };
            let mut object = json!({ "type": "object", "properties": properties(subs.iter(), way) });
            if let (false, Some(fields)) = (required.is_empty(), object.as_object_mut()) {
                fields.insert("required".into(), required.into());
            }
            object
        }
    };
    let mut out = if attribute.multi { json!({ "type": "array", "items": one }) } else { one };
    if let Some(fields) = out.as_object_mut() {
        fields.insert("description".into(), attribute.description.into());
    }
    out
}

fn list(item: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["schemas", "itemsPerPage", "Resources"],
        "properties": {
            "schemas": { "const": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"] },
            "totalResults": {
                "type": "integer",
                "minimum": 0,
                "description": "Missing from a page by cursor where not all were counted",
            },
            "startIndex": { "type": "integer", "minimum": 1, "description": "In a page by index" },
            "itemsPerPage": { "type": "integer", "minimum": 0 },
            "nextCursor": { "type": "string", "description": "Missing from the last page" },
            "previousCursor": { "type": "string", "description": "Where a page before it can be had" },
            "Resources": { "type": "array", "items": item },
        },
        "additionalProperties": false,
    })
}

fn patch() -> Value {
    json!({
        "type": "object",
        "required": ["schemas", "Operations"],
        "properties": {
            "schemas": { "const": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"] },
            "Operations": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_OPERATIONS,
                "items": {
                    "type": "object",
                    "required": ["op"],
                    "properties": {
                        "op": { "enum": ["add", "remove", "replace"] },
                        "path": { "type": "string", "maxLength": 1024 },
                        "value": {},
                    },
                    "additionalProperties": false,
                },
            },
        },
        "additionalProperties": false,
    })
}

fn search() -> Value {
    let names = json!({ "type": "array", "items": { "type": "string" }, "maxItems": MAX_ATTRIBUTES });
    json!({
        "type": "object",
        "required": ["schemas"],
        "properties": {
            "schemas": { "const": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] },
            "filter": { "type": "string", "maxLength": MAX_FILTER_BYTES },
            "sortBy": { "type": "string" },
            "sortOrder": { "enum": ["ascending", "descending"] },
            "startIndex": { "type": "integer" },
            "count": { "type": "integer" },
            "cursor": { "type": "string" },
            "attributes": names,
            "excludedAttributes": names,
        },
        "additionalProperties": false,
    })
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["schemas", "status"],
        "properties": {
            "schemas": { "const": ["urn:ietf:params:scim:api:messages:2.0:Error"] },
            "status": { "type": "string", "pattern": "^[45][0-9][0-9]$" },
            "scimType": {
                "enum": [
                    "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath",
                    "noTarget", "invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor",
                    "invalidCount",
                ],
            },
            "detail": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

fn parameters() -> Value {
    let query = |name: &str, schema: Value, text: &str| json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": text });
    let header = |name: &str, text: &str| {
        json!({
            "name": name, "in": "header", "required": false, "schema": { "type": "string" }, "description": text,
        })
    };
    // A URI holds 8 KiB, and a character may take 12 bytes of it.
    let text = |longest: usize| json!({ "type": "string", "maxLength": longest });
    json!({
        "id": {
            "name": "id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 },
            "description": "The resource's id",
        },
        "filter": query("filter", text(1024), "RFC 7644 §3.4.2.2; a longer one goes by .search"),
        "sortBy": query("sortBy", text(256), "An attribute"),
        "sortOrder": query("sortOrder", json!({ "enum": ["ascending", "descending"] }), "Its order"),
        "startIndex": query("startIndex", json!({ "type": "integer" }), "The first of the page, from 1; less counts as 1"),
        "count": query("count", json!({ "type": "integer" }), "How many at most; more than 100 counts as 100"),
        "cursor": query("cursor", json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]*$" }), "Empty, or from an answer (RFC 9865)"),
        "attributes": query("attributes", text(512), "What to show, separated by commas"),
        "excludedAttributes": query("excludedAttributes", text(512), "What not to show, separated by commas"),
        "ifMatch": header("If-Match", "Entity tags of which the resource must have one, or *"),
        "ifNoneMatch": header("If-None-Match", "Entity tags that the caller has"),
        "idempotencyKey": header("Idempotency-Key", "Sent again within a day, it makes nothing twice"),
    })
}

fn headers() -> Value {
    let header = |text: &str| json!({ "schema": { "type": "string" }, "description": text });
    json!({
        "ETag": header("The entity tag: changes with the record and its memberships"),
        "Location": header("The resource's URI"),
        "WWW-Authenticate": header("The challenge (RFC 6750)"),
        "Retry-After": header("After how many seconds to try again"),
        "Idempotency-Replayed": header("true: an earlier request made this"),
    })
}

/// Every refusal, by its status.
pub(super) const REFUSALS: [(u16, &str); 17] = [
    (400, "The request is not what it should be; scimType says why"),
    (401, "No access token, or none that counts"),
    (403, "The token does not reach this far, or a secret is asked for"),
    (404, "There is no such resource"),
    (405, "There is no such method here"),
    (408, "The body did not arrive"),
    (409, "Another resource has a value that is unique, or the resource can't go"),
    (412, "The resource is not as If-Match has it"),
    (413, "The request is too large"),
    (414, "The URI is too long"),
    (415, "The body is not JSON in UTF-8"),
    (421, "No realm answers under this host"),
    (422, "The Idempotency-Key was used for another request"),
    (431, "The header fields are too large"),
    (500, "A fault of ours"),
    (503, "Not possible now"),
    (507, "Storage is full"),
];

fn responses() -> Map<String, Value> {
    let refusal = |(status, text): (u16, &str)| {
        let mut body = json!({ "description": text });
        // A head that does not even fit the read buffer is refused before anybody knows what it is about.
        if let (false, Some(fields)) = (status == 431, body.as_object_mut()) {
            let error = json!({ "schema": { "$ref": "#/components/schemas/Error" } });
            fields.insert("content".into(), json!({ "application/scim+json": error }));
        }
        let header = match status {
            401 | 403 => Some("WWW-Authenticate"),
            503 => Some("Retry-After"),
            _ => None,
        };
        if let (Some(name), Some(fields)) = (header, body.as_object_mut()) {
            let at = json!({ name: { "$ref": format!("#/components/headers/{name}") } });
            fields.insert("headers".into(), at);
        }
        (status.to_string(), body)
    };
    REFUSALS.into_iter().map(refusal).collect()
}
