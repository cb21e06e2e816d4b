//! `POST /v1/cluster/rotate-key`, `/v1/cluster/rotate-ca` and `/v1/cluster/finish-rotation`. The first two answer the new
//! recovery bundle, once; the rotation goes on by itself.

use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use zeroize::Zeroizing;

use super::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

/// The answer that shows a bundle, which is JSON already.
#[expect(clippy::unnecessary_wraps, reason = "an answer")]
pub(super) fn bundle(status: StatusCode, text: &Zeroizing<String>) -> Answer {
    let body = format!("{{\"recovery_bundle\":{}}}", text.as_str());
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

pub(crate) async fn key(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let made = call.running.control.rotate_key(&call.request).await.map_err(problem)?;
    tracing::info!(by = ?call.actor.who, "rotation of the cluster key begun; its recovery bundle was shown");
    bundle(StatusCode::ACCEPTED, &made)
}

pub(crate) async fn authority(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let made = call.running.control.rotate_authority(&call.request).await.map_err(problem)?;
    tracing::info!(by = ?call.actor.who, "rotation of the authority begun; its recovery bundle was shown");
    bundle(StatusCode::ACCEPTED, &made)
}

pub(crate) async fn finish(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let left = call.running.control.finish_rotation(&call.request).await.map_err(problem)?;
    let left: Vec<u64> = left.into_iter().map(|node| node.0).collect();
    tracing::warn!(?left, by = ?call.actor.who, "rotations wait no longer for nodes that don't answer");
    Ok(ok(json!({ "left_behind": left })))
}
