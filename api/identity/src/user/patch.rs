//! What is to be set of a person's record.

use super::fields::{self, InvalidUser, limits};
use super::name::UserName;
use super::parts::{Address, Attribute, Email, Label, Name, Phone, Photo, Provenance};
use super::record::User;
use crate::text::fold;

/// The fields to set; those that are `None` stay. An empty string or list unsets. Lists are replaced whole: who adds
/// to one or takes from it computes the new one in the same transaction.
///
/// The provenance in the parts is not looked at: what is new in a list is of the writer's, what was there keeps its
/// own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `User`, which documents them")]
pub struct UserPatch {
    pub user_name: Option<String>,
    /// Suspends or restores; at creation `None` is active.
    pub active: Option<bool>,
    pub name: Option<Name>,
    pub display_name: Option<String>,
    pub nick_name: Option<String>,
    pub profile_url: Option<String>,
    pub title: Option<String>,
    pub user_type: Option<String>,
    pub preferred_language: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    /// An address that was there and verified stays verified.
    pub emails: Option<Vec<Email>>,
    pub phones: Option<Vec<Phone>>,
    pub addresses: Option<Vec<Address>>,
    pub photos: Option<Vec<Photo>>,
    pub external_id: Option<String>,
    pub attributes: Option<Vec<Attribute>>,
    pub labels: Option<Vec<Label>>,
    pub service_account: Option<bool>,
    pub affiliation: Option<String>,
}

fn text(to: &mut String, from: Option<&String>, field: &'static str, max: usize) -> Result<(), InvalidUser> {
    if let Some(value) = from {
        fields::text(field, value, max)?;
        *to = fields::nfc(value);
    }
    Ok(())
}

impl UserPatch {
    /// Sets the fields and checks them, `active` apart; on an error `row` is not to be used.
    pub(super) fn apply(&self, row: &mut User, provenance: Provenance) -> Result<(), InvalidUser> {
        if let Some(name) = &self.user_name {
            UserName::parse(name)?.as_str().clone_into(&mut row.user_name);
        }
        if let Some(name) = &self.name {
            row.name = fields::name(name)?;
        }
        text(&mut row.display_name, self.display_name.as_ref(), "displayName", limits::TEXT)?;
        text(&mut row.nick_name, self.nick_name.as_ref(), "nickName", limits::TEXT)?;
        text(&mut row.title, self.title.as_ref(), "title", limits::TEXT)?;
        text(&mut row.user_type, self.user_type.as_ref(), "userType", limits::TEXT)?;
        text(&mut row.affiliation, self.affiliation.as_ref(), "affiliation", limits::TEXT)?;
        text(&mut row.preferred_language, self.preferred_language.as_ref(), "preferredLanguage", limits::SHORT)?;
        text(&mut row.locale, self.locale.as_ref(), "locale", limits::SHORT)?;
        text(&mut row.timezone, self.timezone.as_ref(), "timezone", limits::SHORT)?;
        text(&mut row.external_id, self.external_id.as_ref(), "externalId", limits::TEXT)?;
        if let Some(url) = &self.profile_url {
            fields::url("profileUrl", url)?;
            row.profile_url.clone_from(url);
        }
        if let Some(phones) = &self.phones {
            row.phones = fields::phones(phones)?;
        }
        if let Some(addresses) = &self.addresses {
            row.addresses = fields::addresses(addresses)?;
        }
        if let Some(photos) = &self.photos {
            row.photos = fields::photos(photos)?;
        }
        if let Some(labels) = &self.labels {
            row.labels = fields::labels(labels)?;
        }
        if let Some(emails) = &self.emails {
            row.emails = emails_over(&row.emails, fields::emails(emails)?, provenance);
        }
        if let Some(attributes) = &self.attributes {
            row.attributes = attributes_over(&row.attributes, fields::attributes(attributes)?, provenance);
        }
        if let Some(service_account) = self.service_account {
            row.service_account = service_account;
        }
        Ok(())
    }
}

fn emails_over(old: &[Email], mut new: Vec<Email>, provenance: Provenance) -> Vec<Email> {
    for email in &mut new {
        let before = old.iter().find(|before| fold::email(&before.value) == fold::email(&email.value));
        email.verified |= before.is_some_and(|before| before.verified);
        email.provenance = before.map_or(provenance.stored(), |before| before.provenance);
    }
    new
}

fn attributes_over(old: &[Attribute], mut new: Vec<Attribute>, provenance: Provenance) -> Vec<Attribute> {
    for attribute in &mut new {
        let same = |before: &&Attribute| before.name == attribute.name && before.value == attribute.value;
        attribute.provenance = old.iter().find(same).map_or(provenance.stored(), |before| before.provenance);
    }
    new
}
