//! The resource types (RFC 7643 §6).

use serde_json::{Value, json};

use super::attribute::Attribute;
use super::{GROUP, INDIGO_GROUP, INDIGO_USER, Schema, USER};

/// The attributes of every resource (RFC 7643 §3). They belong to no schema.
static COMMON: [Attribute; 4] = [
    Attribute::reference("schemas", &["uri"], "The schemas of the resource").many().required().always(),
    Attribute::string("id", "Its id, made here").read_only().exact().always().unique(),
    Attribute::string("externalId", "The provisioning client's own id of it").exact(),
    Attribute::complex("meta", &META, "Of the resource itself").read_only(),
];

const META: [Attribute; 5] = [
    Attribute::string("resourceType", "Its type").read_only().exact(),
    Attribute::date_time("created", "When it was made").read_only(),
    Attribute::date_time("lastModified", "When it was changed last").read_only(),
    Attribute::reference("location", &["uri"], "Its URI").read_only(),
    Attribute::string("version", "Its entity tag").read_only().exact(),
];

/// A resource type.
#[derive(Debug)]
pub(crate) struct ResourceType {
    /// Its name and id.
    pub(crate) name: &'static str,
    /// Where its resources are.
    pub(crate) endpoint: &'static str,
    /// For people.
    pub(crate) description: &'static str,
    /// Its schema.
    pub(crate) core: &'static Schema,
    /// What is added to it.
    pub(crate) extension: &'static Schema,
}

/// People.
pub(crate) static USERS: ResourceType =
    ResourceType { name: "User", endpoint: "/Users", description: "People", core: &USER, extension: &INDIGO_USER };

/// Groups.
pub(crate) static GROUPS: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Groups of people",
    core: &GROUP,
    extension: &INDIGO_GROUP,
};

/// All of them.
pub(crate) const TYPES: [&ResourceType; 2] = [&USERS, &GROUPS];

impl ResourceType {
    /// A common or core attribute, by its name in any case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        let common = COMMON.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
        common.or_else(|| self.core.attribute(name))
    }

    /// Its top-level attributes: common and core.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        COMMON.iter().chain(self.core.attributes)
    }

    /// As it stands at `/ResourceTypes`.
    pub(crate) fn json(&self, base: &str) -> Value {
        json!({
            "schemas": [RESOURCE_TYPE.id],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.core.id,
            "schemaExtensions": [{ "schema": self.extension.id, "required": false }],
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{}", self.name),
            },
        })
    }
}

const EXTENSIONS: [Attribute; 2] = [
    Attribute::reference("schema", &["uri"], "The extension's URN").read_only().required(),
    Attribute::boolean("required", "Whether every resource has it").read_only().required(),
];

/// The schema of resource types.
pub(crate) static RESOURCE_TYPE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "A type of resource",
    attributes: &[
        Attribute::string("name", "Its name").read_only().required().exact(),
        Attribute::string("description", "For people").read_only(),
        Attribute::reference("endpoint", &["uri"], "Where its resources are, below the base URL")
            .read_only()
            .required(),
        Attribute::reference("schema", &["uri"], "The URN of its schema").read_only().required(),
        Attribute::complex("schemaExtensions", &EXTENSIONS, "What is added to it").many().read_only(),
    ],
};
