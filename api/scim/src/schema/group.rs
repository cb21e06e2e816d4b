//! `Group` (RFC 7643 §4.2), and what INDIGO IAM adds to it.

use super::Schema;
use super::attribute::Attribute;
use super::user::LABELS;

const MEMBERS: [Attribute; 4] = [
    Attribute::string("value", "The user's id").required().immutable().exact(),
    Attribute::reference("$ref", &["User"], "The user's URI; made of the id").immutable(),
    Attribute::string("type", "Always User: a subgroup names its parent").immutable().suggests(&["User"]),
    Attribute::string("display", "The user's display name, else the user name").read_only().on_request(),
];

/// The core schema.
pub(crate) static GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "A group of people",
    attributes: &[
        Attribute::string(
            "displayName",
            "The name among the groups of the same parent, unique there in any case, width and normal form; \
             at most 255 characters, without /",
        )
        .required(),
        Attribute::complex(
            "members",
            &MEMBERS,
            "The people in the group. Up to 1000 are returned by default; those of a larger group are returned, up to \
             10000, when the attribute is asked for by name, and are else found as Users by groups.value with a \
             cursor. A request may add or remove at most 100",
        )
        .many(),
    ],
};

const PARENT: [Attribute; 3] = [
    Attribute::string("value", "The parent's id").required().exact(),
    Attribute::reference("$ref", &["Group"], "The parent's URI; made of the id"),
    Attribute::string("display", "The parent's full name").read_only().on_request(),
];

/// What INDIGO IAM adds.
pub(crate) static INDIGO_GROUP: Schema = Schema {
    id: "urn:indigo-dc:scim:schemas:IndigoGroup",
    name: "IndigoGroup",
    description: "What INDIGO IAM adds to a group",
    attributes: &[
        Attribute::string("description", "For people"),
        Attribute::complex(
            "parentGroup",
            &PARENT,
            "The group above; kept if a replacement does not say. Members of a group are members of those above it: a \
             group of more than 20 is not moved",
        ),
        Attribute::string("fullName", "The names of the groups above and its own, joined by /")
            .read_only()
            .on_request(),
        Attribute::complex("labels", &LABELS, "Its labels; changed elsewhere").many().read_only(),
    ],
};
