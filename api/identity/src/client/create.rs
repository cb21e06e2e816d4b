//! Making a client.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;

use super::kinds::AuthMethod;
use super::patch::{ClientPatch, InvalidClient};
use super::record::{Client, Clients};
use super::secret::{self, ClientSecret};
use crate::event::{self, Actor};
use crate::ids::{ClientId, RealmId, UserId};
use crate::realm::Realms;
use crate::scope::system::SYSTEM_SCOPES;
use crate::user::Users;
use crate::{Decided, refuse};

/// A client to be.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Its id, for ever.
    pub id: ClientId,
    /// Its fields. Without a method it is `client_secret_basic`; without scopes it gets the default system scopes.
    pub fields: ClientPatch,
    /// Whether it registered itself, or a user registered it.
    pub dynamically_registered: bool,
}

/// Why no client was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateClientError {
    /// There is a client with this id.
    #[error("the client exists")]
    Exists,
    /// A user has this id: tokens of both would have the same `sub`.
    #[error("the id is in use")]
    IdOfUser,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidClient),
}

/// A client that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its record.
    pub client: Client,
    /// Whether it has the secret that was offered: then, and only then, the secret is to be shown.
    pub with_secret: bool,
}

/// Makes a client. `secret` is fresh; it is used only if the client's method rests on one.
///
/// # Errors
/// Inner: see [`CreateClientError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    new: &NewClient,
    secret: &ClientSecret,
    actor: &Actor,
) -> Decided<Created, CreateClientError> {
    let at = (realm.key.clone(), new.id.clone());
    if tx.get::<Clients>(&at)?.is_some() {
        return refuse(CreateClientError::Exists);
    }
    if is_user_id(tx, &realm.key, &new.id)? {
        return refuse(CreateClientError::IdOfUser);
    }
    let now = tx.now().0;
    let mut row = Client {
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic.stored(),
        scope: default_scopes(),
        dynamically_registered: new.dynamically_registered,
        created_ms: now,
        active: true,
        ..Client::default()
    };
    if let Err(invalid) = new.fields.apply(&mut row, &realm.row)? {
        return refuse(invalid.into());
    }
    let with_secret = row.auth_method()?.needs_secret();
    if with_secret {
        secret::set(tx, &realm.key, &new.id, &mut row, secret)?;
    }
    if tx.insert::<Clients>(at, row.clone())?.is_err() {
        return refuse(CreateClientError::Exists);
    }
    let changes = json!({"name": row.client_name, "scope": row.scope, "grant_types": new.fields.grant_types});
    event::record(tx, &realm.key, "client.create", new.id.as_str(), changes, actor)?;
    Ok(Outcome::Commit(Ok(Created { client: row, with_secret })))
}

fn default_scopes() -> String {
    let values: Vec<&str> = SYSTEM_SCOPES.iter().filter(|scope| scope.default).map(|scope| scope.value).collect();
    values.join(" ")
}

/// Whether a user has this id, one who is being deleted included. A client's id may be written in any case.
fn is_user_id(tx: &Tx<'_>, realm: &RealmId, id: &ClientId) -> Result<bool, Abort> {
    let Ok(user) = UserId::parse(id.as_str()) else { return Ok(false) };
    Ok(tx.get::<Users>(&(realm.clone(), user))?.is_some())
}
