//! Changing a person's record.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::create::{Held, taken};
use super::fields::InvalidUser;
use super::parts::{Attribute, Label, Provenance};
use super::patch::UserPatch;
use super::record::{Status, User, Users};
use super::{administrators, lookup, status};
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::realm::Realms;
use crate::{Decided, refuse};

/// Why a person's record was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateUserError {
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// Somebody changed them since the revision named.
    #[error("the user was changed meanwhile")]
    Changed,
    /// Somebody has this user name, or has it as an e-mail address.
    #[error("the user name is taken")]
    NameTaken,
    /// Somebody has one of these e-mail addresses, or has it as a user name.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The realm would be without an administrator.
    #[error("the realm would be without an administrator")]
    LastAdministrator,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidUser),
}

/// Sets fields, `active` among them: that suspends and restores as [`super::set_status`] does.
///
/// # Errors
/// Inner: see [`UpdateUserError`]; nothing is written then.
pub fn update(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    patch: &UserPatch,
    if_revision: Option<Revision>,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Users>, UpdateUserError> {
    let Some(stored) = lookup::get(tx, &realm.key, id)? else { return refuse(UpdateUserError::NotFound) };
    if if_revision.is_some_and(|revision| revision != stored.revision) {
        return refuse(UpdateUserError::Changed);
    }
    let mut row = stored.row.clone();
    if let Err(invalid) = patch.apply(&mut row, provenance) {
        return refuse(invalid.into());
    }
    match taken(tx, realm, id, Some(&stored.row), &row)? {
        Some(Held::Name) => return refuse(UpdateUserError::NameTaken),
        Some(Held::Email) => return refuse(UpdateUserError::EmailTaken),
        None => {}
    }
    let old = stored.row.status()?;
    let new = patch.active.map_or(old, |active| if active { Status::Active } else { Status::Suspended });
    if new != old {
        if new == Status::Suspended && administrators::is_last(tx, &realm.key, &stored)? {
            return refuse(UpdateUserError::LastAdministrator);
        }
        status::change(tx, &realm.key, id, &mut row, new, actor)?;
    }
    let fields = changed_fields(&stored.row, &row);
    if fields.is_empty() && new == old {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    if !fields.is_empty() {
        event::record(tx, &realm.key, "user.update", &id.to_string(), json!({ "fields": fields }), actor)?;
    }
    match write(tx, stored.key, row)? {
        Some(stored) => Ok(Outcome::Commit(Ok(stored))),
        // Nobody's identity changed, so that only the name can have been taken.
        None => refuse(UpdateUserError::NameTaken),
    }
}

/// Writes a changed record; `None`: a unique key of it is another's.
pub(super) fn write(tx: &mut Tx<'_>, key: (RealmId, UserId), mut row: User) -> Result<Option<Stored<Users>>, Abort> {
    row.modified_ms = tx.now().0;
    Ok(match tx.put::<Users>(key.clone(), row.clone())? {
        Ok(()) => Some(Stored { key, row, revision: Revision(0) }),
        Err(_) => None,
    })
}

/// Sets one attribute, whether or not there was one of this name.
///
/// # Errors
/// Inner: no such user, or an attribute at fault.
pub fn set_attribute(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    attribute: &Attribute,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Users>, UpdateUserError> {
    let Some(stored) = lookup::get(tx, &realm.key, id)? else { return refuse(UpdateUserError::NotFound) };
    let mut attributes = stored.row.attributes;
    match attributes.iter_mut().find(|known| known.name == attribute.name) {
        Some(known) => known.clone_from(attribute),
        None => attributes.push(attribute.clone()),
    }
    let patch = UserPatch { attributes: Some(attributes), ..UserPatch::default() };
    update(tx, realm, id, &patch, None, provenance, actor)
}

/// Removes one attribute; nothing happens if there is none of this name.
///
/// # Errors
/// Inner: no such user.
pub fn remove_attribute(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    name: &str,
    actor: &Actor,
) -> Decided<Stored<Users>, UpdateUserError> {
    let Some(stored) = lookup::get(tx, &realm.key, id)? else { return refuse(UpdateUserError::NotFound) };
    let mut attributes = stored.row.attributes;
    attributes.retain(|known| known.name != name);
    let patch = UserPatch { attributes: Some(attributes), ..UserPatch::default() };
    update(tx, realm, id, &patch, None, Provenance::Administrator, actor)
}

/// Sets one label, whether or not there was one of this prefix and name.
///
/// # Errors
/// Inner: no such user, or a label at fault.
pub fn set_label(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    label: &Label,
    actor: &Actor,
) -> Decided<Stored<Users>, UpdateUserError> {
    let Some(stored) = lookup::get(tx, &realm.key, id)? else { return refuse(UpdateUserError::NotFound) };
    let mut labels = stored.row.labels;
    match labels.iter_mut().find(|known| known.prefix == label.prefix && known.name == label.name) {
        Some(known) => known.clone_from(label),
        None => labels.push(label.clone()),
    }
    let patch = UserPatch { labels: Some(labels), ..UserPatch::default() };
    update(tx, realm, id, &patch, None, Provenance::Administrator, actor)
}

/// Removes one label; nothing happens if there is none of this prefix and name.
///
/// # Errors
/// Inner: no such user.
pub fn remove_label(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    prefix: &str,
    name: &str,
    actor: &Actor,
) -> Decided<Stored<Users>, UpdateUserError> {
    let Some(stored) = lookup::get(tx, &realm.key, id)? else { return refuse(UpdateUserError::NotFound) };
    let mut labels = stored.row.labels;
    labels.retain(|known| known.prefix != prefix || known.name != name);
    let patch = UserPatch { labels: Some(labels), ..UserPatch::default() };
    update(tx, realm, id, &patch, None, Provenance::Administrator, actor)
}

/// The names of the fields that differ, and never their values: what is personal is in no event, so that it goes with
/// the record.
pub(super) fn changed_fields(old: &User, new: &User) -> Vec<&'static str> {
    let fields = [
        ("userName", old.user_name != new.user_name),
        ("name", old.name != new.name),
        ("displayName", old.display_name != new.display_name),
        ("nickName", old.nick_name != new.nick_name),
        ("profileUrl", old.profile_url != new.profile_url),
        ("title", old.title != new.title),
        ("userType", old.user_type != new.user_type),
        ("preferredLanguage", old.preferred_language != new.preferred_language),
        ("locale", old.locale != new.locale),
        ("timezone", old.timezone != new.timezone),
        ("emails", old.emails != new.emails),
        ("phoneNumbers", old.phones != new.phones),
        ("addresses", old.addresses != new.addresses),
        ("photos", old.photos != new.photos),
        ("externalId", old.external_id != new.external_id),
        ("attributes", old.attributes != new.attributes),
        ("labels", old.labels != new.labels),
        ("serviceAccount", old.service_account != new.service_account),
        ("affiliation", old.affiliation != new.affiliation),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
