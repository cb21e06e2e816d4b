//! `POST /introspect` (RFC 7662).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use raft_store_core::{Abort, Freshness, Read};
use woad_http::{ClientCall, Code, OAuthError, Services};
use woad_identity::client::AuthMethod;
use woad_identity::token::{IntrospectRefused, Introspection, introspect};

use crate::client::{NoClient, prove};

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum IntrospectError {
    #[error(transparent)]
    Client(#[from] NoClient),
    #[error("Client authentication is required")]
    PublicClient,
    #[error(transparent)]
    Refused(#[from] IntrospectRefused),
}

impl IntrospectError {
    fn into_error(self, client_id: &str) -> OAuthError {
        match self {
            Self::Client(no_client) => no_client.into_error(client_id),
            Self::PublicClient => OAuthError::new(Code::InvalidClient, self.to_string()),
            Self::Refused(IntrospectRefused::NotAllowed) => OAuthError::new(Code::AccessDenied, self.to_string()),
        }
    }
}

fn answer(
    services: &Services,
    read: &impl Read,
    call: &ClientCall,
    token: &str,
) -> Result<Result<Introspection, IntrospectError>, Abort> {
    let (realm, client) = match prove(read, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Err(error.into())),
    };
    if client.method() == AuthMethod::None {
        return Ok(Err(IntrospectError::PublicClient));
    }
    Ok(introspect(read, &realm, &services.keys, &client, token)?.map_err(IntrospectError::from))
}

/// Reads linearizably: no replica calls a token active that another has revoked.
pub(crate) async fn handle(services: Services, call: ClientCall) -> Result<Response, OAuthError> {
    let missing = || OAuthError::new(Code::InvalidRequest, "Missing parameter: token");
    let token = call.form.get("token").ok_or_else(missing)?;
    let request = call.context.request();
    let view = services.store.view(&request, Freshness::Linearizable, |view| answer(&services, view, &call, token));
    match view.await?.answer {
        Ok(said) => {
            if let Introspection::Inactive(because) = &said {
                tracing::debug!(%because, "token inactive");
            }
            Ok((StatusCode::OK, Json(said.into_json())).into_response())
        }
        Err(error) => {
            if let IntrospectError::Client(no_client) = error {
                no_client.note(&services, &call);
            }
            Err(error.into_error(&call.credentials.client_id))
        }
    }
}
