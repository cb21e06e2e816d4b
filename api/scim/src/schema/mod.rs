//! The schemas that are served (RFC 7643 §7): everything that parses, checks, filters or renders reads them here.

mod attribute;
mod config;
mod group;
mod json;
mod resource_type;
mod user;

pub(crate) use attribute::{Attribute, Kind, Mutability, Returned};
pub(crate) use config::{SERVICE_PROVIDER_CONFIG, service_provider_config};
pub(crate) use group::{GROUP, INDIGO_GROUP};
pub(crate) use json::schema_json;
pub(crate) use resource_type::{GROUPS, RESOURCE_TYPE, ResourceType, TYPES, USERS};
pub(crate) use user::{INDIGO_USER, USER};

/// A schema.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Its URN.
    pub(crate) id: &'static str,
    /// For people.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) description: &'static str,
    /// What it declares.
    pub(crate) attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute of this name, in any case (RFC 7643 §2.1).
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// Every schema at `/Schemas`.
pub(crate) const SCHEMAS: [&Schema; 6] =
    [&USER, &INDIGO_USER, &GROUP, &INDIGO_GROUP, &RESOURCE_TYPE, &SERVICE_PROVIDER_CONFIG];

#[cfg(test)]
mod tests {
    use super::*;

    /// Depth-first.
    fn all(attributes: &'static [Attribute], out: &mut Vec<&'static Attribute>) {
        for attribute in attributes {
            out.push(attribute);
            all(attribute.subs(), out);
        }
    }

    #[test]
    fn declarations_agree_with_themselves() {
        for schema in SCHEMAS {
            let mut attributes = Vec::new();
            all(schema.attributes, &mut attributes);
            for attribute in attributes {
                let what = format!("{} {}", schema.id, attribute.name);
                assert!(!attribute.description.is_empty(), "{what}");
                let secret = attribute.mutability == Mutability::WriteOnly;
                assert_eq!(secret, attribute.returned == Returned::Never, "{what}");
                assert!(!(attribute.required && secret), "{what}");
                let plain = attribute.kind == Kind::String;
                assert!(plain || attribute.canonical.is_empty(), "{what}");
            }
        }
    }
}
