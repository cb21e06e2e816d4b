//! Making a person's record.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::fields::InvalidUser;
use super::parts::Provenance;
use super::patch::UserPatch;
use super::record::{Status, User, UserByName, Users, UsersWithEmail, email_key};
use crate::client::Clients;
use crate::event::{self, Actor};
use crate::ids::{ClientId, RealmId, UserId};
use crate::password::{self, PasswordHash};
use crate::realm::Realms;
use crate::text::fold;
use crate::{Decided, refuse};

/// A person to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their id, for ever: the `sub` of their tokens.
    pub id: UserId,
    /// Their fields. A user name is needed.
    pub fields: UserPatch,
    /// Who brings them.
    pub provenance: Provenance,
}

/// Why nobody was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateUserError {
    /// A user or client has this id: tokens of both would have the same `sub`.
    #[error("the id is in use")]
    IdInUse,
    /// Somebody has this user name, or has it as an e-mail address.
    #[error("the user name is taken")]
    NameTaken,
    /// Somebody has one of these e-mail addresses, or has it as a user name.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidUser),
}

/// Makes a person's record, with a password if one is given; whether that may be theirs is
/// [`password::check_policy`]'s to say.
///
/// # Errors
/// Inner: see [`CreateUserError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    new: &NewUser,
    password: Option<&PasswordHash>,
    actor: &Actor,
) -> Decided<Stored<Users>, CreateUserError> {
    let at = (realm.key.clone(), new.id);
    if tx.get::<Users>(&at)?.is_some() || is_client(tx, &realm.key, new.id)? {
        return refuse(CreateUserError::IdInUse);
    }
    let now = tx.now().0;
    let active = new.fields.active.unwrap_or(true);
    let mut row = User {
        status: if active { Status::Active } else { Status::Suspended }.stored(),
        created_ms: now,
        modified_ms: now,
        status_changed_ms: now,
        ..User::default()
    };
    if let Err(invalid) = new.fields.apply(&mut row, new.provenance) {
        return refuse(invalid.into());
    }
    if row.user_name.is_empty() {
        return refuse(InvalidUser { field: "userName", why: "is required" }.into());
    }
    match taken(tx, realm, new.id, None, &row)? {
        Some(Held::Name) => return refuse(CreateUserError::NameTaken),
        Some(Held::Email) => return refuse(CreateUserError::EmailTaken),
        None => {}
    }
    // Of the unique indexes only the user name's has an entry: identities are linked later.
    if tx.insert::<Users>(at.clone(), row.clone())?.is_err() {
        return refuse(CreateUserError::NameTaken);
    }
    if let Some(hash) = password {
        password::put(tx, &realm.key, new.id, hash, now)?;
    }
    let changes = json!({ "fields": set_fields(&row), "active": active, "password": password.is_some() });
    event::record(tx, &realm.key, "user.create", &new.id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(Stored { key: at, row, revision: Revision(0) })))
}

/// Whether a client of the realm has this id.
fn is_client(read: &impl Read, realm: &RealmId, id: UserId) -> Result<bool, Abort> {
    let client = ClientId::parse(&id.to_string()).map_err(|_| Abort::corrupt("user id"))?;
    Ok(read.get::<Clients>(&(realm.clone(), client))?.is_some())
}

/// What somebody else holds already.
pub(super) enum Held {
    Name,
    Email,
}

/// Whether somebody else has the name or one of the addresses. A name that is another's address would take over their
/// sign-in, and the other way round. What `before` had already is not asked for again, so that addresses shared before
/// a realm wanted them unique don't stand in the way of other changes.
pub(super) fn taken(
    tx: &Tx<'_>,
    realm: &Stored<Realms>,
    id: UserId,
    before: Option<&User>,
    row: &User,
) -> Result<Option<Held>, Abort> {
    let named = |name: &str| tx.find::<UserByName>(&(realm.key.clone(), fold::user_name(name)));
    let addressed = |email: &str| tx.all::<UsersWithEmail>(&(realm.key.clone(), email_key(email)));
    let name = &row.user_name;
    if before.is_none_or(|before| fold::user_name(&before.user_name) != fold::user_name(name)) {
        let addressed = if name.contains('@') { addressed(name)? } else { Vec::new() };
        if named(name)?.iter().chain(&addressed).any(|other| other.key.1 != id) {
            return Ok(Some(Held::Name));
        }
    }
    let had: Vec<String> = before.iter().flat_map(|row| &row.emails).map(|email| fold::email(&email.value)).collect();
    for email in row.emails.iter().map(|email| &email.value).filter(|email| !had.contains(&fold::email(email))) {
        let addressed = if realm.row.email_unique { addressed(email)? } else { Vec::new() };
        if named(email)?.iter().chain(&addressed).any(|other| other.key.1 != id) {
            return Ok(Some(Held::Email));
        }
    }
    Ok(None)
}

/// The names of the fields that are set: events never hold what is personal, so that deleting somebody needs no
/// rewriting of the chain.
fn set_fields(row: &User) -> Vec<&'static str> {
    super::update::changed_fields(&User::default(), row)
}
