//! Answers that are no refusals.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use raft_store_core::Revision;
use serde_json::{Map, Value};

use crate::etag::tag;

/// The media type of every answer with a body.
pub(crate) const MEDIA: HeaderValue = HeaderValue::from_static("application/scim+json");
/// Says that an earlier request made this.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A body.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, MEDIA)], body.to_string()).into_response()
}

/// A resource with its entity tag.
pub(crate) fn resource(status: StatusCode, body: Map<String, Value>, revision: Revision) -> Response {
    let mut response = json(status, &Value::Object(body));
    set(&mut response, ETAG, &tag(revision));
    response
}

/// 201 with the resource and where it is.
pub(crate) fn created(body: Map<String, Value>, revision: Revision, location: &str) -> Response {
    let mut response = resource(StatusCode::CREATED, body, revision);
    set(&mut response, LOCATION, location);
    response
}

/// 304: the caller has it already.
pub(crate) fn not_modified(revision: Revision) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    set(&mut response, ETAG, &tag(revision));
    response
}

/// 204.
pub(crate) fn none() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Sets a header. Tags and locations hold nothing that a header may not.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
