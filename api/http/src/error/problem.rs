//! Problem details (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::Unavailable;

/// An error answer of the administration API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    kind: Option<&'static str>,
    detail: String,
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem that its status tells apart. The detail must hold no secret.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into(), retry_after: None }
    }

    /// A problem of a named kind, for callers that act on it; the `type` is `urn:woad:problem:<kind>`.
    #[must_use]
    pub const fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        let mut problem = Self::new(unavailable.status, unavailable.text).of_kind(unavailable.kind);
        problem.retry_after = unavailable.retry_after;
        problem
    }
}

impl From<raft_store_core::StoreError> for Problem {
    fn from(error: raft_store_core::StoreError) -> Self {
        Unavailable::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = self.kind.map_or_else(|| "about:blank".to_owned(), |kind| format!("urn:woad:problem:{kind}"));
        let mut body = Map::new();
        body.insert("type".into(), Value::from(kind));
        body.insert("title".into(), Value::from(self.status.canonical_reason().unwrap_or("Error")));
        body.insert("status".into(), Value::from(self.status.as_u16()));
        body.insert("detail".into(), Value::from(self.detail));
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
