//! `POST …/users/{user}/set-password-link`: a page, good once, where the person sets their password.

use std::time::Duration;

use axum::Json;
use axum::response::IntoResponse;
use http::StatusCode;
use raft_store_core::Stored;
use serde::{Deserialize, Serialize};
use woad_http::Problem;
use woad_identity::link::{self, CreateLinkError, LinkKind, MAX_LIFETIME};
use woad_identity::opaque::OpaqueToken;
use woad_identity::realm::Realms;

use super::{change, no_user};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

/// The body, if any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    valid_seconds: u64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { valid_seconds: MAX_LIFETIME.as_secs() }
    }
}

/// The answer. The URL is a secret: whoever has it sets the password.
#[derive(Serialize)]
pub(crate) struct LinkView {
    url: String,
    expires_ms: u64,
}

impl LinkView {
    /// The page of a link of this realm.
    pub(crate) fn new(realm: &Stored<Realms>, token: &OpaqueToken, expires_ms: u64) -> Self {
        let base = realm.row.issuer.trim_end_matches('/');
        Self { url: format!("{base}/link/{}", token.reveal()), expires_ms }
    }
}

/// The wire's answer when no link was made.
pub(crate) fn problem(error: CreateLinkError) -> Problem {
    let text = error.to_string();
    match error {
        CreateLinkError::NoSuchUser => no_user(),
        CreateLinkError::Inactive => Problem::new(StatusCode::CONFLICT, text).of_kind("inactive"),
        CreateLinkError::Lifetime => Problem::new(StatusCode::BAD_REQUEST, text),
        // The token is fresh randomness.
        CreateLinkError::Exists => Problem::new(StatusCode::CONFLICT, text).of_kind("exists"),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json_or_default()?;
    let lifetime = Duration::from_secs(wanted.valid_seconds);
    let token = OpaqueToken::from_random(&call.random()?);
    let made = change(&call, |tx, realm, id| {
        let made = link::create(tx, &realm.key, id, LinkKind::SetPassword, (token.hash(), lifetime), &call.actor)?;
        Ok(crate::outcome::answered(refused(made, problem), |made| LinkView::new(realm, &token, made.expires.0)))
    });
    let (_, view) = made.await?.answer;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
