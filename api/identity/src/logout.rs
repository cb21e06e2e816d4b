//! Logout asked for by a client (OpenID Connect RP-Initiated Logout 1.0): whose session is meant, and where the
//! browser may go afterwards.

use raft_store_core::{Abort, Read, Stored};

use crate::authorize::RedirectUrl;
use crate::client;
use crate::ids::{ClientId, RealmId, UserId};
use crate::keys::KeyCache;
use crate::realm::Realms;
use crate::token::verify_id_token;

/// Bytes of `state`: it comes back whole.
const MAX_STATE: usize = 2 * 1024;

/// The parameters, as sent.
#[derive(Clone, Copy, Default)]
pub struct LogoutAsk<'a> {
    /// `id_token_hint`.
    pub id_token_hint: Option<&'a str>,
    /// `post_logout_redirect_uri`.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// `client_id`.
    pub client_id: Option<&'a str>,
    /// `state`.
    pub state: Option<&'a str>,
}

impl std::fmt::Debug for LogoutAsk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutAsk").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logout {
    /// Whose session the client wants ended, proved by an ID token that it was given. Without: ask the person.
    pub user: Option<UserId>,
    /// Which client asks, as far as that is known.
    pub client: Option<ClientId>,
    /// Where the browser goes afterwards; `None`: to our own page. Only what the client registered, byte for byte.
    pub redirect: Option<RedirectUrl>,
}

/// What a request to log out comes to. Anything in it that does not fit is left out, never trusted.
///
/// # Errors
/// When storage fails.
pub fn evaluate(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    ask: &LogoutAsk<'_>,
) -> Result<Logout, Abort> {
    let hinted = match ask.id_token_hint {
        Some(token) => verify_id_token(read, realm, keys, token)?.ok(),
        None => None,
    };
    let named = ask.client_id.and_then(|id| ClientId::parse(id).ok());
    let client = match (&hinted, named) {
        // A hint of one client beside the name of another proves nothing about either.
        (Some(hint), Some(named)) if hint.client != named => return Ok(Logout::default()),
        (Some(hint), _) => Some(hint.client.clone()),
        (None, named) => named,
    };
    let redirect = match (&client, ask.post_logout_redirect_uri) {
        (Some(client), Some(uri)) => redirect(read, &realm.key, client, uri, ask.state)?,
        _ => None,
    };
    Ok(Logout { user: hinted.map(|hint| hint.user), client, redirect })
}

fn redirect(
    read: &impl Read,
    realm: &RealmId,
    client: &ClientId,
    uri: &str,
    state: Option<&str>,
) -> Result<Option<RedirectUrl>, Abort> {
    let Some(client) = client::get(read, realm, client)?.filter(|client| client.row.active) else { return Ok(None) };
    if !client.row.post_logout_redirect_uris.iter().any(|known| known == uri) {
        return Ok(None);
    }
    let state = state.filter(|state| state.len() <= MAX_STATE).map(|state| ("state", state));
    Ok(Some(RedirectUrl::new(uri, state.as_slice())))
}
