//! Creates that may be sent again.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use raft_store_core::{Outcome, Tx};
use serde::Serialize;
use woad_http::Problem;
use woad_http::idempotency::{Key, Reused};
use woad_identity::{Decided, Who};

use crate::call::ClusterCall;

/// What a segment of a path holds as it is (RFC 3986 §2.3).
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What a create came to.
pub(crate) enum Creation<T> {
    /// It was made now.
    Made(T),
    /// The same request made this object before.
    Before(String),
}

/// Why nothing was made.
#[derive(Debug)]
pub(crate) enum NotMade<E> {
    /// The domain refused.
    Refused(E),
    /// The key was used for another request.
    Reused(Reused),
}

impl<E> NotMade<E> {
    /// The wire's answer, with the operation's own mapping of its refusals.
    pub(crate) fn into_problem(self, map: impl FnOnce(E) -> Problem) -> Problem {
        match self {
            Self::Refused(error) => map(error),
            Self::Reused(reused) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, reused.to_string()).of_kind("idempotency-key-reused")
            }
        }
    }
}

/// The request's `Idempotency-Key`, if it has one.
pub(crate) fn key(call: &ClusterCall, realm: &str) -> Result<Option<Key>, Problem> {
    key_over(call, realm, &call.body)
}

/// The same over a body without its secrets: a fast hash of it is kept for a day.
pub(crate) fn key_over(call: &ClusterCall, realm: &str, body: &[u8]) -> Result<Option<Key>, Problem> {
    let who = match &call.actor.who {
        Who::Operator(name) | Who::Client(name) | Who::User(name) => name.as_str(),
        Who::Anonymous | Who::System => "",
    };
    Key::of(&call.headers, realm, who, &call.path, body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// Runs a create unless this very request has run before; remembers what it makes.
pub(crate) fn once<T, E>(
    tx: &mut Tx<'_>,
    key: Option<&Key>,
    id: &str,
    create: impl FnOnce(&mut Tx<'_>) -> Decided<T, E>,
) -> Decided<Creation<T>, NotMade<E>> {
    once_named(tx, key, |_| id.to_owned(), create)
}

/// The same where the id is known only when it is made.
pub(crate) fn once_named<T, E>(
    tx: &mut Tx<'_>,
    key: Option<&Key>,
    id: impl FnOnce(&T) -> String,
    create: impl FnOnce(&mut Tx<'_>) -> Decided<T, E>,
) -> Decided<Creation<T>, NotMade<E>> {
    if let Some(key) = key {
        match key.made(tx)? {
            Ok(None) => {}
            Ok(Some(before)) => return Ok(Outcome::Answer(Ok(Creation::Before(before)))),
            Err(reused) => return Ok(Outcome::Answer(Err(NotMade::Reused(reused)))),
        }
    }
    Ok(match create(tx)? {
        Outcome::Commit(Ok(made)) => {
            if let Some(key) = key {
                key.remember(tx, &id(&made))?;
            }
            Outcome::Commit(Ok(Creation::Made(made)))
        }
        Outcome::Commit(Err(error)) => Outcome::Commit(Err(NotMade::Refused(error))),
        Outcome::Answer(Ok(made)) => Outcome::Answer(Ok(Creation::Made(made))),
        Outcome::Answer(Err(error)) => Outcome::Answer(Err(NotMade::Refused(error))),
    })
}

/// An id as a segment of a path.
pub(crate) fn segment(id: &str) -> PercentEncode<'_> {
    utf8_percent_encode(id, IN_SEGMENT)
}

/// 201, with where the object is.
pub(crate) fn respond(location: &str, replayed: bool, body: impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
