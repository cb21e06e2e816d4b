//! The client behind a request, proved.

use raft_store_core::{Abort, Read, Stored};
use woad_http::{ClientCall, Code, OAuthError, Services};
use woad_identity::client::{AuthenticatedClient, ClientAuthError, authenticate};
use woad_identity::realm::{self, Realms};
use woad_identity::refusal::RefusalKind;

/// Why a request has no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoClient {
    /// It is not who it says, or may do nothing.
    #[error(transparent)]
    Auth(#[from] ClientAuthError),
    /// The realm is gone since the host was looked up.
    #[error("realm is gone")]
    RealmGone,
}

impl NoClient {
    /// Counts it for the realm's audit chain.
    pub(crate) fn note(self, services: &Services, call: &ClientCall) {
        let subject = if self == Self::Auth(ClientAuthError::UnknownClient) { "" } else { &call.credentials.client_id };
        services.refusals.note(Some(&call.realm.key), RefusalKind::Client, subject, call.context.client());
    }

    /// Unknown and wrong look alike; that a client is suspended is only said once its secret proved right.
    ///
    /// What was sent as the id of no client is not logged: it may be a secret in the wrong field, and it is as long as
    /// its sender likes.
    pub(crate) fn into_error(self, client_id: &str) -> OAuthError {
        let client = Some(client_id).filter(|_| self != Self::Auth(ClientAuthError::UnknownClient));
        tracing::info!(client, reason = %self, "client not authenticated");
        match self {
            Self::Auth(ClientAuthError::Suspended) => {
                OAuthError::new(Code::InvalidClient, format!("Client {client_id} is suspended"))
            }
            Self::Auth(
                ClientAuthError::UnknownClient | ClientAuthError::WrongSecret | ClientAuthError::WrongMethod,
            )
            | Self::RealmGone => OAuthError::new(Code::InvalidClient, "Bad client credentials"),
        }
    }
}

/// Realm and client of a call, in the operation's own view or transaction.
pub(crate) fn prove(
    read: &impl Read,
    call: &ClientCall,
) -> Result<Result<(Stored<Realms>, AuthenticatedClient), NoClient>, Abort> {
    let Some(realm) = realm::get(read, &call.realm.key)? else { return Ok(Err(NoClient::RealmGone)) };
    Ok(match authenticate(read, &realm.key, &call.credentials.presented())? {
        Ok(client) => Ok((realm, client)),
        Err(error) => Err(error.into()),
    })
}
