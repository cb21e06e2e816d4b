//! Clients: programs that ask for tokens. A record holds INDIGO's whole client object.

mod authenticate;
mod create;
mod kinds;
mod lifecycle;
mod object;
mod patch;
mod record;
mod secret;
mod uris;

#[cfg(test)]
mod tests;

use raft_store_core::{Abort, Read, Stored, View};

pub use authenticate::{AuthenticatedClient, ClientAuthError, Presented, authenticate};
pub use create::{CreateClientError, Created, NewClient, create};
pub use kinds::{AuthMethod, CodeChallengeMethod, GrantType, ResponseType};
pub use lifecycle::{
    NoSecretUsed, NoSuchClient, NoSuchClientOr, SecretEnds, delete, rotate_secret, set_active, update,
};
pub use object::{ClientObject, object};
pub use patch::{ClientPatch, InvalidClient};
pub use record::{Client, ClientNotBefore, Clients};
pub use secret::ClientSecret;

use crate::ids::{ClientId, RealmId};

/// Clients that one page of a listing holds at most.
pub const MAX_PAGE: usize = 100;

/// One client.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, realm: &RealmId, id: &ClientId) -> Result<Option<Stored<Clients>>, Abort> {
    read.get::<Clients>(&(realm.clone(), id.clone()))
}

/// At most `limit` (itself at most [`MAX_PAGE`]) clients of a realm by id, after `after`.
///
/// # Errors
/// When storage fails.
pub fn list(
    view: &View<'_>,
    realm: &RealmId,
    after: Option<&ClientId>,
    limit: usize,
) -> Result<Vec<Stored<Clients>>, Abort> {
    let after = after.map(|id| (realm.clone(), id.clone()));
    view.scan::<Clients>(realm, after.as_ref(), limit.min(MAX_PAGE))
}
