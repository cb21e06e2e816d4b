//! `/livez`, `/readyz`, `/actuator/health` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::metrics::Metrics;
use crate::status::Status;

/// A probe's answer is about this moment.
const NO_STORE: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

/// What the probes look at.
#[derive(Clone)]
pub struct Probes {
    /// The node.
    pub status: Arc<Status>,
    /// Its registry.
    pub metrics: Arc<Metrics>,
}

/// For the operations listener: details and metrics.
pub fn detailed(probes: Probes) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(probes)
}

/// For https: the status code alone, so that the outside learns nothing but whether to come here.
pub fn bare(probes: Probes) -> Router {
    Router::new()
        .route("/livez", get(bare_live))
        .route("/readyz", get(bare_ready))
        .route("/actuator/health", get(actuator))
        .with_state(probes)
}

const fn code(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn live(State(probes): State<Probes>) -> Response {
    let seen = probes.status.assess();
    let body = json!({"live": seen.live, "phase": seen.phase.to_string(), "version": crate::VERSION});
    (code(seen.live), [NO_STORE], Json(body)).into_response()
}

async fn ready(State(probes): State<Probes>) -> Response {
    let seen = probes.status.assess();
    (code(seen.ready()), [NO_STORE], Json(seen.details())).into_response()
}

async fn bare_live(State(probes): State<Probes>) -> Response {
    (code(probes.status.assess().live), [NO_STORE]).into_response()
}

async fn bare_ready(State(probes): State<Probes>) -> Response {
    (code(probes.status.assess().ready()), [NO_STORE]).into_response()
}

/// The shape of INDIGO IAM's health endpoint (Spring Boot's, without details).
async fn actuator(State(probes): State<Probes>) -> Response {
    let ready = probes.status.assess().ready();
    let body = json!({"status": if ready { "UP" } else { "DOWN" }});
    (code(ready), [NO_STORE], Json(body)).into_response()
}

async fn scrape(State(probes): State<Probes>) -> Response {
    match probes.metrics.scrape(probes.status.assess().ready()) {
        Ok(text) => {
            let kind = (CONTENT_TYPE, prometheus::TEXT_FORMAT);
            ([NO_STORE, kind], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics can't be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
