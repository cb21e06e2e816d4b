//! Checks of each field of a person's record, made once, where it is written.

use precis_core::{FreeformClass, StringClass};
use unicode_normalization::UnicodeNormalization;

use super::parts::{Address, Attribute, Email, Label, Name, Phone, Photo};
use crate::text::{self, TextFault, fold};

/// Every limit of a person's record.
pub mod limits {
    /// Characters of a user name: INDIGO's column.
    pub const USER_NAME: usize = 128;
    /// Characters of names, titles and the like.
    pub const TEXT: usize = 256;
    /// Bytes of the same, since a character may be a pile of combining marks.
    pub const TEXT_BYTES: usize = 1024;
    /// Characters of languages, time zones, kinds of an address.
    pub const SHORT: usize = 64;
    /// Bytes of an e-mail address (RFC 5321).
    pub const EMAIL: usize = 254;
    /// Bytes of a URL: what browsers take.
    pub const URL: usize = 2048;
    /// Characters of a whole postal address.
    pub const ADDRESS: usize = 1024;
    /// Characters of an attribute's or label's name: INDIGO's column.
    pub const ATTRIBUTE_NAME: usize = 64;
    /// Characters of an attribute's value: INDIGO's column.
    pub const ATTRIBUTE_VALUE: usize = 256;
    /// Characters of a label's prefix: INDIGO's column.
    pub const LABEL_PREFIX: usize = 256;
    /// Characters of a label's value: INDIGO's column.
    pub const LABEL_VALUE: usize = 64;
    /// E-mail addresses of one person: each is an index entry.
    pub const EMAILS: usize = 10;
    /// Telephone numbers, addresses or pictures of one person.
    pub const CONTACTS: usize = 10;
    /// Attributes of one person: they travel in tokens and attribute certificates.
    pub const ATTRIBUTES: usize = 100;
    /// Labels of one person or group.
    pub const LABELS: usize = 100;
    /// Certificates, SSH keys and identities elsewhere of one person, of each kind: each is an index entry.
    pub const IDENTITIES: usize = 20;
    /// Bytes of a certificate in PEM.
    pub const PEM: usize = 16 * 1024;
    /// Characters of an SSH key's or certificate's label: INDIGO's column.
    pub const IDENTITY_LABEL: usize = 36;
    /// Characters of an issuer, entity id, or subject elsewhere.
    pub const IDENTITY: usize = 1024;
}

/// A field holds what it must not. Names the field, as SCIM does, and never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {why}")]
pub struct InvalidUser {
    /// SCIM's name of the attribute.
    pub field: &'static str,
    /// What it should be.
    pub why: &'static str,
}

const fn invalid<T>(field: &'static str, why: &'static str) -> Result<T, InvalidUser> {
    Err(InvalidUser { field, why })
}

/// The form in which text is kept.
pub(super) fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Text for people, at most `max` characters and [`limits::TEXT_BYTES`] bytes or four a character.
pub(super) fn text(field: &'static str, value: &str, max: usize) -> Result<(), InvalidUser> {
    if value.len() > limits::TEXT_BYTES.max(max.saturating_mul(4)) {
        return invalid(field, "is too long");
    }
    match text::check(value, 0, max) {
        Ok(()) if value.trim() != value => invalid(field, "begins or ends with a space"),
        Ok(()) => Ok(()),
        Err(TextFault::Length) => invalid(field, "is too long"),
        Err(TextFault::Character) => invalid(field, "holds a character that is not allowed"),
    }
}

/// An absolute `https` or `http` URL, or nothing.
pub(super) fn url(field: &'static str, value: &str) -> Result<(), InvalidUser> {
    if value.is_empty() {
        return Ok(());
    }
    if value.len() > limits::URL || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return invalid(field, "is not a URL");
    }
    match url::Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(()),
        _ => invalid(field, "is not a URL of a page"),
    }
}

pub(super) fn name(name: &Name) -> Result<Option<Name>, InvalidUser> {
    let part = |field, value: &String| text(field, value, limits::TEXT).map(|()| nfc(value));
    let name = Name {
        given: part("name.givenName", &name.given)?,
        family: part("name.familyName", &name.family)?,
        middle: part("name.middleName", &name.middle)?,
        prefix: part("name.honorificPrefix", &name.prefix)?,
        suffix: part("name.honorificSuffix", &name.suffix)?,
        formatted: part("name.formatted", &name.formatted)?,
    };
    Ok((name != Name::default()).then_some(name))
}

/// Whether `value` is an e-mail address that can be put into a message's header as it is.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !r#"<>()[],;:\""#.contains(c);
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    value.len() <= limits::EMAIL
        && !local.is_empty()
        && !domain.contains('@')
        && value.chars().all(plain)
        && domain.split('.').all(label)
        && text::check(value, 3, limits::EMAIL).is_ok()
        && is_assigned(value)
}

/// Whether PRECIS knows every character, so that the folded form of the text will never change.
pub(crate) fn is_assigned(value: &str) -> bool {
    FreeformClass::default().allows(value).is_ok()
}

fn at_most<T>(field: &'static str, list: &[T], max: usize) -> Result<(), InvalidUser> {
    if list.len() > max { invalid(field, "has too many values") } else { Ok(()) }
}

fn one_primary(field: &'static str, primary: impl Iterator<Item = bool>) -> Result<(), InvalidUser> {
    if primary.filter(|primary| *primary).count() > 1 {
        return invalid(field, "has more than one primary value");
    }
    Ok(())
}

fn each_once<K: Ord>(field: &'static str, keys: impl Iterator<Item = K>) -> Result<(), InvalidUser> {
    let mut keys: Vec<K> = keys.collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    if keys.len() == all { Ok(()) } else { invalid(field, "has a value twice") }
}

pub(super) fn emails(emails: &[Email]) -> Result<Vec<Email>, InvalidUser> {
    at_most("emails", emails, limits::EMAILS)?;
    one_primary("emails", emails.iter().map(|email| email.primary))?;
    for email in emails {
        if !is_email(&email.value) {
            return invalid("emails.value", "is not an e-mail address");
        }
        text("emails.type", &email.kind, limits::SHORT)?;
        text("emails.display", &email.display, limits::TEXT)?;
    }
    each_once("emails", emails.iter().map(|email| fold::email(&email.value)))?;
    let kept = |email: &Email| Email { value: nfc(&email.value), ..email.clone() };
    Ok(emails.iter().map(kept).collect())
}

pub(super) fn phones(phones: &[Phone]) -> Result<Vec<Phone>, InvalidUser> {
    at_most("phoneNumbers", phones, limits::CONTACTS)?;
    one_primary("phoneNumbers", phones.iter().map(|phone| phone.primary))?;
    for phone in phones {
        if phone.value.is_empty() {
            return invalid("phoneNumbers.value", "must not be empty");
        }
        text("phoneNumbers.value", &phone.value, limits::SHORT)?;
        text("phoneNumbers.type", &phone.kind, limits::SHORT)?;
        text("phoneNumbers.display", &phone.display, limits::TEXT)?;
    }
    each_once("phoneNumbers", phones.iter().map(|phone| (phone.value.as_str(), phone.kind.as_str())))?;
    Ok(phones.to_vec())
}

pub(super) fn photos(photos: &[Photo]) -> Result<Vec<Photo>, InvalidUser> {
    at_most("photos", photos, limits::CONTACTS)?;
    one_primary("photos", photos.iter().map(|photo| photo.primary))?;
    for photo in photos {
        if photo.value.is_empty() {
            return invalid("photos.value", "must not be empty");
        }
        url("photos.value", &photo.value)?;
        text("photos.type", &photo.kind, limits::SHORT)?;
        text("photos.display", &photo.display, limits::TEXT)?;
    }
    each_once("photos", photos.iter().map(|photo| (photo.value.as_str(), photo.kind.as_str())))?;
    Ok(photos.to_vec())
}

pub(super) fn addresses(addresses: &[Address]) -> Result<Vec<Address>, InvalidUser> {
    at_most("addresses", addresses, limits::CONTACTS)?;
    one_primary("addresses", addresses.iter().map(|address| address.primary))?;
    for address in addresses {
        lines("addresses.formatted", &address.formatted)?;
        lines("addresses.streetAddress", &address.street)?;
        text("addresses.locality", &address.locality, limits::TEXT)?;
        text("addresses.region", &address.region, limits::TEXT)?;
        text("addresses.postalCode", &address.postal_code, limits::SHORT)?;
        text("addresses.country", &address.country, limits::SHORT)?;
        text("addresses.type", &address.kind, limits::SHORT)?;
    }
    Ok(addresses.to_vec())
}

/// Text in lines, as RFC 7643 has it in postal addresses.
fn lines(field: &'static str, value: &str) -> Result<(), InvalidUser> {
    if value.chars().count() > limits::ADDRESS {
        return invalid(field, "is too long");
    }
    value.lines().try_for_each(|line| text(field, line.trim(), limits::TEXT))
}

/// Whether it is a name of an attribute or label, as INDIGO has them.
fn is_attribute_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= limits::ATTRIBUTE_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(rest)
}

pub(super) fn attributes(attributes: &[Attribute]) -> Result<Vec<Attribute>, InvalidUser> {
    at_most("attributes", attributes, limits::ATTRIBUTES)?;
    for attribute in attributes {
        if !is_attribute_name(&attribute.name) {
            return invalid("attributes.name", "is not a letter and letters, digits, -, _, .");
        }
        text("attributes.value", &attribute.value, limits::ATTRIBUTE_VALUE)?;
    }
    each_once("attributes", attributes.iter().map(|attribute| attribute.name.as_str()))?;
    Ok(attributes.to_vec())
}

/// Labels of a person or a group.
pub(crate) fn labels(labels: &[Label]) -> Result<Vec<Label>, InvalidUser> {
    at_most("labels", labels, limits::LABELS)?;
    for label in labels {
        if !label.prefix.is_empty() && !is_prefix(&label.prefix) {
            return invalid("labels.prefix", "is not like a domain name");
        }
        if !is_attribute_name(&label.name) {
            return invalid("labels.name", "is not a letter and letters, digits, -, _, .");
        }
        text("labels.value", &label.value, limits::LABEL_VALUE)?;
    }
    each_once("labels", labels.iter().map(|label| (label.prefix.as_str(), label.name.as_str())))?;
    Ok(labels.to_vec())
}

fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-');
    prefix.len() <= limits::LABEL_PREFIX && prefix.split('.').all(label)
}
