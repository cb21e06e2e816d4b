//! Whether a client is who it says.

use std::sync::LazyLock;

use prost::Message;
use raft_store_core::{Abort, Read, Stored};

use super::kinds::{AuthMethod, GrantType};
use super::record::{Client, Clients, SecretHash};
use super::secret::{MAX_SECRET, SecretKey};
use crate::ids::{ClientId, RealmId};

/// The record of an ordinary client, decoded where there is none: an answer that came sooner would tell that the client
/// does not exist.
static NOBODY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let client = Client {
        client_name: "A client that does not exist".into(),
        grant_types: vec![GrantType::ClientCredentials.stored()],
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic.stored(),
        scope: "openid profile email offline_access wlcg.groups storage.read:/ storage.modify:/".into(),
        created_ms: 1 << 40,
        secrets: vec![SecretHash { hash: vec![1; 32], created_ms: 1 << 40 }],
        active: true,
        ..Client::default()
    };
    client.encode_to_vec()
});

/// What a request presents.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The id as sent; need not be one.
    pub client_id: &'a str,
    /// The secret as sent.
    pub secret: Option<&'a str>,
    /// Where it was sent.
    pub method: AuthMethod,
}

impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Why a client is not authenticated. Callers of the protocol learn of [`ClientAuthError::Suspended`] and of nothing
/// else; the variants are for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// There is no such client.
    #[error("client unknown")]
    UnknownClient,
    /// The secret is wrong, missing or expired.
    #[error("client secret wrong")]
    WrongSecret,
    /// The method is not the registered one.
    #[error("client authentication method is not the registered one")]
    WrongMethod,
    /// It proved who it is, and is disabled.
    #[error("client suspended")]
    Suspended,
}

/// A client that proved who it is and is active. Can only be had from [`authenticate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedClient {
    stored: Stored<Clients>,
    method: AuthMethod,
}

impl AuthenticatedClient {
    /// Its realm.
    #[must_use]
    pub const fn realm(&self) -> &RealmId {
        &self.stored.key.0
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.stored.key.1
    }

    /// Its record, with key and revision.
    #[must_use]
    pub const fn stored(&self) -> &Stored<Clients> {
        &self.stored
    }

    /// Its record.
    #[must_use]
    pub const fn record(&self) -> &Client {
        &self.stored.row
    }

    /// How it proved it; [`AuthMethod::None`] is no proof.
    #[must_use]
    pub const fn method(&self) -> AuthMethod {
        self.method
    }
}

/// Authenticates by secret, or recognises a public client. An unknown client and a wrong secret cost the same work.
/// Methods that rest on assertions are refused.
///
/// # Errors
/// Inner: see [`ClientAuthError`]. Outer: when storage fails, or this node is sealed.
pub fn authenticate(
    read: &impl Read,
    realm: &RealmId,
    presented: &Presented<'_>,
) -> Result<Result<AuthenticatedClient, ClientAuthError>, Abort> {
    let stored = match ClientId::parse(presented.client_id) {
        Ok(id) => super::get(read, realm, &id)?,
        Err(_) => None,
    };
    if stored.is_none() {
        drop(std::hint::black_box(Client::decode(NOBODY.as_slice())));
    }
    let key = SecretKey::load(read, realm)?;
    let known = stored.as_ref().map_or(&[][..], |stored| &stored.row.secrets);
    let secret = presented.secret.filter(|secret| secret.len() <= MAX_SECRET);
    let proven = key.proves(presented.client_id, secret.unwrap_or_default(), known) && secret.is_some();

    let Some(stored) = stored else { return Ok(Err(ClientAuthError::UnknownClient)) };
    let registered = stored.row.auth_method()?;
    let expires = stored.row.client_secret_expires_ms;
    let accepted = match presented.method {
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => {
            proven && (expires == 0 || read.now().0 < expires)
        }
        AuthMethod::None => presented.secret.is_none(),
        AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt => false,
    };
    Ok(if !accepted {
        Err(ClientAuthError::WrongSecret)
    } else if registered != presented.method {
        Err(ClientAuthError::WrongMethod)
    } else if !stored.row.active {
        Err(ClientAuthError::Suspended)
    } else {
        Ok(AuthenticatedClient { stored, method: presented.method })
    })
}
