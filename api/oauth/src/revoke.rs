//! `POST /revoke` (RFC 7009).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use raft_store_core::{Abort, Outcome, Tx};
use woad_http::{ClientCall, Code, OAuthError, Services};
use woad_identity::Actor;
use woad_identity::token::{Revocation, revoke};

use crate::client::{NoClient, prove};

fn evaluate(
    services: &Services,
    tx: &mut Tx<'_>,
    call: &ClientCall,
    token: &str,
) -> Result<Outcome<Result<Revocation, NoClient>>, Abort> {
    let (realm, client) = match prove(tx, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Outcome::Answer(Err(error))),
    };
    let actor = Actor::client(client.id(), call.context.client(), call.context.id.as_ref());
    Ok(match revoke(tx, &realm, &services.keys, &client, token, &actor)? {
        Outcome::Commit(revocation) => Outcome::Commit(Ok(revocation)),
        Outcome::Answer(revocation) => Outcome::Answer(Ok(revocation)),
    })
}

/// 200 once the revocation is on a quorum's disks; for a token that is unknown, dead or another's, at once.
pub(crate) async fn handle(services: Services, call: ClientCall) -> Result<Response, OAuthError> {
    let missing = || OAuthError::new(Code::InvalidRequest, "Missing parameter: token");
    let token = call.form.get("token").ok_or_else(missing)?;
    let request = call.context.request();
    let done = services.store.transact(&request, |tx| evaluate(&services, tx, &call, token)).await?;
    match done.answer {
        Ok(revocation) => {
            tracing::debug!(?revocation, "revocation");
            Ok(StatusCode::OK.into_response())
        }
        Err(error) => {
            error.note(&services, &call);
            Err(error.into_error(&call.credentials.client_id))
        }
    }
}
