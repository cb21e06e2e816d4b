//! Names of attributes: `userName`, `name.givenName`, `urn:…:User:emails.value` (RFC 7644 §3.10).

use crate::limits::MAX_PATH_BYTES;
use crate::schema::{Attribute, ResourceType};

/// A name that is no attribute of a resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// It can't be the name of any.
    #[error("malformed attribute name")]
    Malformed,
    /// It could be, and is not.
    #[error("no such attribute")]
    Unknown,
}

/// Where an attribute stands in a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The URN of the extension that it stands under; `None`: at the top.
    pub(crate) extension: Option<&'static str>,
    /// The attribute.
    pub(crate) attribute: &'static Attribute,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.extension == other.extension && self.attribute.name == other.attribute.name
    }
}

impl Place {
    /// Whether it is this attribute of the core, or a common one.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.extension.is_none() && self.attribute.name == name
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Named {
    /// An attribute, or a sub-attribute of it.
    Attribute {
        /// The attribute.
        place: Place,
        /// The sub-attribute.
        sub: Option<&'static Attribute>,
    },
    /// All of an extension, by its bare URN.
    Extension(&'static str),
}

impl Named {
    /// The attribute itself, unless it is all of an extension.
    pub(crate) const fn place(&self) -> Option<&Place> {
        match self {
            Self::Attribute { place, .. } => Some(place),
            Self::Extension(_) => None,
        }
    }
}

/// RFC 7643 §2.1, with the `$` of `$ref`.
pub(crate) fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '$';
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$');
    text.starts_with(first) && text.chars().all(rest)
}

/// Finds what `text` names in a resource type.
///
/// # Errors
/// See [`PathError`].
pub(crate) fn resolve(kind: &ResourceType, text: &str) -> Result<Named, PathError> {
    if text.is_empty() || text.len() > MAX_PATH_BYTES {
        return Err(PathError::Malformed);
    }
    let (extension, rest) = match split_urn(kind, text)? {
        Urn::Bare(id) => return Ok(Named::Extension(id)),
        Urn::Of(extension, rest) => (extension, rest),
    };
    let (name, sub) = match rest.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (rest, None),
    };
    if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
        return Err(PathError::Malformed);
    }
    let attribute = match extension {
        Some(_) => kind.extension.attribute(name),
        None => kind.attribute(name),
    };
    let attribute = attribute.ok_or(PathError::Unknown)?;
    let sub = sub.map(|sub| attribute.sub(sub).ok_or(PathError::Unknown)).transpose()?;
    Ok(Named::Attribute { place: Place { extension, attribute }, sub })
}

enum Urn<'a> {
    Bare(&'static str),
    Of(Option<&'static str>, &'a str),
}

/// Takes the schema's URN off. An extension's attributes need it; the core's may have it.
fn split_urn<'a>(kind: &ResourceType, text: &'a str) -> Result<Urn<'a>, PathError> {
    if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return Ok(Urn::Of(None, text));
    }
    let below = |id: &str| {
        let (start, rest) = text.split_at_checked(id.len())?;
        start.eq_ignore_ascii_case(id).then_some(rest)
    };
    match (below(kind.extension.id), below(kind.core.id)) {
        (Some(""), _) => Ok(Urn::Bare(kind.extension.id)),
        (Some(rest), _) => {
            rest.strip_prefix(':').map(|rest| Urn::Of(Some(kind.extension.id), rest)).ok_or(PathError::Unknown)
        }
        (None, Some(rest)) => rest.strip_prefix(':').map(|rest| Urn::Of(None, rest)).ok_or(PathError::Unknown),
        (None, None) => Err(PathError::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::{GROUPS, USERS};

    fn named(kind: &ResourceType, text: &str) -> Result<String, PathError> {
        Ok(match resolve(kind, text)? {
            Named::Extension(id) => id.to_owned(),
            Named::Attribute { place, sub } => {
                let sub = sub.map(|sub| format!(".{}", sub.name)).unwrap_or_default();
                format!(
                    "{}{}{sub}",
                    place.extension.map(|id| format!("{id}:")).unwrap_or_default(),
                    place.attribute.name
                )
            }
        })
    }

    #[test]
    fn names_are_found_in_any_case_with_and_without_urn() {
        for (text, expected) in [
            ("userName", "userName"),
            ("USERNAME", "userName"),
            ("name.givenname", "name.givenName"),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName", "userName"),
            ("URN:IETF:params:scim:schemas:core:2.0:user:emails.VALUE", "emails.value"),
            ("groups.$ref", "groups.$ref"),
            ("externalid", "externalId"),
            ("meta.lastModified", "meta.lastModified"),
            ("urn:indigo-dc:scim:schemas:IndigoUser", "urn:indigo-dc:scim:schemas:IndigoUser"),
            (
                "urn:indigo-dc:scim:schemas:indigouser:sshKeys.value",
                "urn:indigo-dc:scim:schemas:IndigoUser:sshKeys.value",
            ),
        ] {
            assert_eq!(named(&USERS, text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn other_names_are_told_apart() {
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        for text in ["", ".", "name.", ".givenName", "name.given.x", "na me", "name[0]", "1a", "ä", &long] {
            assert_eq!(named(&USERS, text), Err(PathError::Malformed), "{text:.20}");
        }
        for text in [
            "displayname2",
            "name.value",
            "userName.value",
            "members",
            "sshKeys",
            "urn:x",
            "urn:ietf:params:scim:schemas:core:2.0:Group:displayName",
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:core:2.0:Userx:userName",
            "urn:indigo-dc:scim:schemas:IndigoUser:userName",
        ] {
            assert_eq!(named(&USERS, text), Err(PathError::Unknown), "{text}");
        }
        assert_eq!(named(&GROUPS, "members.value").unwrap(), "members.value");
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_refused(text in ".{0,60}|(urn:ietf:params:scim:schemas:core:2.0:User)?[:.a-z$]{0,20}") {
            let _ = resolve(&USERS, &text);
        }
    }
}
