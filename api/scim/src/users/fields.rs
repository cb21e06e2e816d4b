//! From a resource, checked against the schema, to the fields of a record.

use serde_json::{Map, Value};
use woad_identity::user::{Address, Email, Name, Phone, Photo, UserPatch};

use super::Whose;
use crate::schema::USERS;

/// What people may change of themselves: nothing that says who they are, where mail goes, or what they may.
const OWN: [&str; 10] = [
    "name",
    "displayName",
    "nickName",
    "profileUrl",
    "preferredLanguage",
    "locale",
    "timezone",
    "phoneNumbers",
    "photos",
    "addresses",
];

/// Whether somebody may change this attribute of the core, or of an extension (`None`).
pub(super) fn may_change(whose: Whose, attribute: Option<&str>) -> bool {
    match (whose, attribute) {
        (Whose::Anybodys(_), _) => true,
        (Whose::Own(_), Some(name)) => OWN.contains(&name),
        (Whose::Own(_), None) => false,
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn flag(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn all<T>(fields: &Map<String, Value>, name: &str, one: impl Fn(&Map<String, Value>) -> T) -> Vec<T> {
    let values = fields.get(name).and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_object).map(one).collect()
}

/// The fields of a whole resource: those it lacks are unset, except for `active`, which then stays.
pub(super) fn of(whose: Whose, resource: &Map<String, Value>) -> UserPatch {
    let own = UserPatch {
        name: Some(name(resource)),
        display_name: Some(text(resource, "displayName")),
        nick_name: Some(text(resource, "nickName")),
        profile_url: Some(text(resource, "profileUrl")),
        preferred_language: Some(text(resource, "preferredLanguage")),
        locale: Some(text(resource, "locale")),
        timezone: Some(text(resource, "timezone")),
        phones: Some(all(resource, "phoneNumbers", phone)),
        photos: Some(all(resource, "photos", photo)),
        addresses: Some(all(resource, "addresses", address)),
        ..UserPatch::default()
    };
    match whose {
        Whose::Own(_) => own,
        Whose::Anybodys(_) => {
            let added = resource.get(USERS.extension.id).and_then(Value::as_object);
            UserPatch {
                user_name: Some(text(resource, "userName")),
                active: resource.get("active").and_then(Value::as_bool),
                title: Some(text(resource, "title")),
                user_type: Some(text(resource, "userType")),
                emails: Some(all(resource, "emails", email)),
                external_id: Some(text(resource, "externalId")),
                affiliation: Some(added.map(|added| text(added, "affiliation")).unwrap_or_default()),
                ..own
            }
        }
    }
}

fn name(resource: &Map<String, Value>) -> Name {
    let Some(parts) = resource.get("name").and_then(Value::as_object) else { return Name::default() };
    Name {
        given: text(parts, "givenName"),
        family: text(parts, "familyName"),
        middle: text(parts, "middleName"),
        prefix: text(parts, "honorificPrefix"),
        suffix: text(parts, "honorificSuffix"),
        formatted: text(parts, "formatted"),
    }
}

/// What a provisioning client says is so, as INDIGO has it.
fn email(fields: &Map<String, Value>) -> Email {
    Email {
        value: text(fields, "value"),
        kind: text(fields, "type"),
        display: text(fields, "display"),
        primary: flag(fields, "primary"),
        verified: true,
        provenance: 0,
    }
}

fn phone(fields: &Map<String, Value>) -> Phone {
    Phone {
        value: text(fields, "value"),
        kind: text(fields, "type"),
        display: text(fields, "display"),
        primary: flag(fields, "primary"),
    }
}

fn photo(fields: &Map<String, Value>) -> Photo {
    Photo {
        value: text(fields, "value"),
        kind: text(fields, "type"),
        display: text(fields, "display"),
        primary: flag(fields, "primary"),
    }
}

fn address(fields: &Map<String, Value>) -> Address {
    Address {
        formatted: text(fields, "formatted"),
        street: text(fields, "streetAddress"),
        locality: text(fields, "locality"),
        region: text(fields, "region"),
        postal_code: text(fields, "postalCode"),
        country: text(fields, "country"),
        kind: text(fields, "type"),
        primary: flag(fields, "primary"),
    }
}
