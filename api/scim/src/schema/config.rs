//! What this provider offers (RFC 7643 §5, RFC 9865 §4).

use serde_json::{Value, json};

use super::Schema;
use super::attribute::Attribute;
use crate::limits::MAX_COUNT;

const SUPPORTED: [Attribute; 1] = [Attribute::boolean("supported", "Whether it is offered").read_only().required()];

const BULK: [Attribute; 3] = [
    Attribute::boolean("supported", "Whether it is offered").read_only().required(),
    Attribute::integer("maxOperations", "Operations in one request").read_only().required(),
    Attribute::integer("maxPayloadSize", "Bytes of one request").read_only().required(),
];

const FILTER: [Attribute; 2] = [
    Attribute::boolean("supported", "Whether it is offered").read_only().required(),
    Attribute::integer("maxResults", "Resources in one answer").read_only().required(),
];

const PAGINATION: [Attribute; 5] = [
    Attribute::boolean("cursor", "Whether pages are had by cursor").read_only().required(),
    Attribute::boolean("index", "Whether pages are had by startIndex").read_only().required(),
    Attribute::string("defaultPaginationMethod", "Which it is, where nothing is said")
        .read_only()
        .suggests(&["cursor", "index"]),
    Attribute::integer("defaultPageSize", "Resources in a page, where nothing is said").read_only(),
    Attribute::integer("maxPageSize", "Resources in a page at most").read_only(),
];

const SCHEMES: [Attribute; 5] = [
    Attribute::string("type", "Its kind").read_only().required().suggests(&[
        "oauth",
        "oauth2",
        "oauthbearertoken",
        "httpbasic",
        "httpdigest",
    ]),
    Attribute::string("name", "Its name").read_only().required(),
    Attribute::string("description", "For people").read_only().required(),
    Attribute::reference("specUri", &["external"], "Where it is specified").read_only(),
    Attribute::reference("documentationUri", &["external"], "Where it is explained").read_only(),
];

/// Its schema.
pub(crate) static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "ServiceProviderConfig",
    description: "What the provider offers",
    attributes: &[
        Attribute::complex("patch", &SUPPORTED, "PATCH").read_only().required(),
        Attribute::complex("bulk", &BULK, "Bulk requests").read_only().required(),
        Attribute::complex("filter", &FILTER, "Filters").read_only().required(),
        Attribute::complex("changePassword", &SUPPORTED, "Setting passwords").read_only().required(),
        Attribute::complex("sort", &SUPPORTED, "Sorting").read_only().required(),
        Attribute::complex("etag", &SUPPORTED, "Entity tags").read_only().required(),
        Attribute::complex("pagination", &PAGINATION, "Pages (RFC 9865)").read_only(),
        Attribute::complex("authenticationSchemes", &SCHEMES, "How callers say who they are")
            .many()
            .read_only()
            .required(),
    ],
};

/// The document at `/ServiceProviderConfig`.
pub(crate) fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG.id],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": MAX_COUNT,
            "maxPageSize": MAX_COUNT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "An access token of this realm with scim:read or scim:write, in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}
