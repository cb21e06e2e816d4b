//! `GET /jwk`: the realm's public keys (RFC 7517).

use axum::response::Response;
use raft_store_core::Freshness;
use woad_http::{OAuthError, PublicCall, Services};
use woad_identity::keys::jwks;

use crate::cached;

/// From this replica's state: goes on without a quorum.
pub(crate) async fn handle(services: Services, call: PublicCall) -> Result<Response, OAuthError> {
    let request = call.context.request();
    let realm = &call.realm;
    let keys = services.store.view(&request, Freshness::Local, |view| jwks(view, &realm.key)).await?.answer;
    Ok(cached::respond(&call.parts.headers, keys.json, realm.row.jwks_max_age_seconds))
}
