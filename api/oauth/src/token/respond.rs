//! The answer, and its line in the log of issued tokens.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use woad_http::ClientCall;
use woad_identity::client::GrantType;
use woad_identity::keys::Signer;
use woad_identity::refresh::RefreshToken;
use woad_identity::token::PreparedToken;

/// RFC 6749 §5.1. Members in INDIGO's order.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    expires_in: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

/// What was issued.
pub(super) struct Issued<'a> {
    /// By which grant.
    pub(super) grant: GrantType,
    /// The access token's claims.
    pub(super) prepared: &'a PreparedToken,
    /// What signed it.
    pub(super) signer: &'a Signer,
    /// The access token.
    pub(super) access_token: &'a str,
    /// The person it is about: id and name.
    pub(super) user: Option<(String, &'a str)>,
    /// The refresh token.
    pub(super) refresh_token: Option<&'a RefreshToken>,
    /// The ID token.
    pub(super) id_token: Option<&'a str>,
}

impl Issued<'_> {
    /// Writes the log's line and makes the answer.
    pub(super) fn respond(&self, call: &ClientCall) -> Response {
        let client_id = call.credentials.client_id.as_str();
        tracing::info!(
            target: "woad::issued",
            realm = %call.realm.key,
            client_id,
            sub = self.user.as_ref().map_or(client_id, |(id, _)| id),
            username = self.user.as_ref().map(|(_, name)| *name),
            grant_type = self.grant.name(),
            scope = %self.prepared.scopes,
            jti = %self.prepared.jti,
            exp = self.prepared.exp,
            kid = %self.signer.kid(),
            refresh_token = self.refresh_token.is_some(),
            id_token = self.id_token.is_some(),
            request_id = %call.context.id,
            peer = call.context.client().map(tracing::field::display),
            "access token issued"
        );
        let body = TokenResponse {
            access_token: self.access_token,
            token_type: "Bearer",
            refresh_token: self.refresh_token.map(RefreshToken::reveal),
            expires_in: self.prepared.expires_in,
            scope: self.prepared.scopes.to_string(),
            id_token: self.id_token,
        };
        Json(body).into_response()
    }
}
