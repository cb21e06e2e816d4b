//! `POST /v1/cluster/join-tokens`: a token by which one node may join. Shown once.

use std::time::Duration;

use axum::Json;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use woad_http::Problem;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall};

/// How long a token is good for when the request does not say: time to copy it to a host and start a node there.
const DEFAULT_SECONDS: u64 = 3600;
/// The shortest: a node needs some seconds to start and ask.
const MIN_SECONDS: u64 = 10;
/// The longest: whoever holds one may read the whole state.
const MAX_SECONDS: u64 = 7 * 24 * 3600;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    valid_seconds: Option<u64>,
}

#[derive(Serialize)]
struct TokenView {
    token: String,
    expires_ms: u64,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json_or_default()?;
    let seconds = wanted.valid_seconds.unwrap_or(DEFAULT_SECONDS);
    if !(MIN_SECONDS..=MAX_SECONDS).contains(&seconds) {
        let detail = format!("valid_seconds must be between {MIN_SECONDS} and {MAX_SECONDS}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let valid = Duration::from_secs(seconds);
    let made = call.running.control.create_join_token(&call.request, valid).await.map_err(problem)?;
    let view = TokenView { token: made.token, expires_ms: made.expires.0 };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
