//! Changing, disabling, deleting a client; a new secret for it.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::{Value, json};

use super::object::object;
use super::patch::{ClientPatch, InvalidClient};
use super::record::{Client, ClientNotBefore, Clients};
use super::secret::{self, ClientSecret};
use crate::event::{self, Actor, Who};
use crate::ids::{ClientId, RealmId};
use crate::realm::Realms;
use crate::{Decided, refuse};

/// There is no such client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such client")]
pub struct NoSuchClient;

/// There is no such client, or something else is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchClientOr<E> {
    /// There is no such client.
    #[error("no such client")]
    NoSuchClient,
    /// What else.
    #[error(transparent)]
    Other(E),
}

/// Why there is no new secret: the client's method does not rest on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client's authentication method uses no secret")]
pub struct NoSecretUsed;

/// What a new secret ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEnds {
    /// The old secret alone.
    Secret,
    /// The old secret, and every token issued so far.
    SecretAndTokens,
}

/// Sets fields. A client whose method comes to rest on a secret has none until one is made by [`rotate_secret`];
/// one whose method ceases to loses it.
///
/// # Errors
/// Inner: no such client, or the first field at fault; nothing is written then.
pub fn update(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    id: &ClientId,
    patch: &ClientPatch,
    actor: &Actor,
) -> Decided<Client, NoSuchClientOr<InvalidClient>> {
    let Some(stored) = super::get(tx, &realm.key, id)? else { return refuse(NoSuchClientOr::NoSuchClient) };
    let mut row = stored.row.clone();
    if let Err(invalid) = patch.apply(&mut row, &realm.row)? {
        return refuse(NoSuchClientOr::Other(invalid));
    }
    if row == stored.row {
        return Ok(Outcome::Answer(Ok(row)));
    }
    put(tx, &realm.key, id, &row)?;
    event::record(tx, &realm.key, "client.update", id.as_str(), difference(id, &stored.row, &row)?, actor)?;
    Ok(Outcome::Commit(Ok(row)))
}

/// Enables or disables. Disabling kills every token issued so far, on every replica once this is committed; enabling
/// does not revive them.
///
/// # Errors
/// Inner: no such client.
pub fn set_active(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: &ClientId,
    active: bool,
    actor: &Actor,
) -> Decided<Client, NoSuchClient> {
    let Some(Stored { mut row, .. }) = super::get(tx, realm, id)? else { return refuse(NoSuchClient) };
    if row.active == active {
        return Ok(Outcome::Answer(Ok(row)));
    }
    row.active = active;
    row.status_changed_ms = tx.now().0;
    row.status_changed_by = match &actor.who {
        Who::Operator(name) | Who::Client(name) | Who::User(name) => name.clone(),
        Who::Anonymous | Who::System => String::new(),
    };
    put(tx, realm, id, &row)?;
    if !active {
        tx.touch::<ClientNotBefore>(&(realm.clone(), id.clone()));
    }
    let what = if active { "client.enable" } else { "client.disable" };
    event::record(tx, realm, what, id.as_str(), Value::Null, actor)?;
    Ok(Outcome::Commit(Ok(row)))
}

/// Deletes a client and kills every token issued to it.
///
/// # Errors
/// Inner: no such client.
pub fn delete(tx: &mut Tx<'_>, realm: &RealmId, id: &ClientId, actor: &Actor) -> Decided<(), NoSuchClient> {
    let at = (realm.clone(), id.clone());
    if !tx.delete::<Clients>(&at)? {
        return refuse(NoSuchClient);
    }
    tx.touch::<ClientNotBefore>(&at);
    event::record(tx, realm, "client.delete", id.as_str(), Value::Null, actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Replaces the client's secret by `secret`, which is fresh. The old one ceases to work at once.
///
/// # Errors
/// Inner: no such client, or one that uses no secret.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: &ClientId,
    secret: &ClientSecret,
    ends: SecretEnds,
    actor: &Actor,
) -> Decided<Client, NoSuchClientOr<NoSecretUsed>> {
    let Some(Stored { mut row, .. }) = super::get(tx, realm, id)? else {
        return refuse(NoSuchClientOr::NoSuchClient);
    };
    if !row.auth_method()?.needs_secret() {
        return refuse(NoSuchClientOr::Other(NoSecretUsed));
    }
    secret::set(tx, realm, id, &mut row, secret)?;
    put(tx, realm, id, &row)?;
    let tokens = ends == SecretEnds::SecretAndTokens;
    if tokens {
        tx.touch::<ClientNotBefore>(&(realm.clone(), id.clone()));
    }
    event::record(tx, realm, "client.rotate_secret", id.as_str(), json!({"tokens_ended": tokens}), actor)?;
    Ok(Outcome::Commit(Ok(row)))
}

fn put(tx: &mut Tx<'_>, realm: &RealmId, id: &ClientId, row: &Client) -> Result<(), Abort> {
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Clients>((realm.clone(), id.clone()), row.clone())?;
    Ok(())
}

/// The fields that differ, with their new values (null: unset). The object holds no secret.
fn difference(id: &ClientId, old: &Client, new: &Client) -> Result<Value, Abort> {
    let fields = |row: &Client| match serde_json::to_value(object(id, row)?) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Abort::corrupt("client")),
    };
    let (old, new) = (fields(old)?, fields(new)?);
    let mut changes: serde_json::Map<String, Value> =
        old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.clone(), Value::Null)).collect();
    changes.extend(new.into_iter().filter(|(name, value)| old.get(name) != Some(value)));
    Ok(Value::Object(changes))
}
