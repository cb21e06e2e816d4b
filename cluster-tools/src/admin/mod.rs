//! The administration API of a node: JSON over its operations socket, or over its operations listener.

mod paged;
mod reference;
mod remote;
mod unix;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

pub(crate) use paged::Pages;
pub(crate) use reference::reference;
pub(crate) use remote::Remote;

use crate::cli::Connection;
use crate::failure::Failure;

/// How long connecting may take: the node is near.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may take: making a cluster flushes a few files, a change of members waits for up to 10 s.
const ANSWER: Duration = Duration::from_secs(30);
/// Bytes of an answer: a page of a hundred clients with all their scopes is a tenth of this.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// One request.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// Makes a create that is sent again make nothing twice.
    pub(crate) idempotency_key: Option<String>,
    /// Changes only what is still at this revision.
    pub(crate) if_revision: Option<u64>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, idempotency_key: None, if_revision: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn with_body(self, body: impl Into<Value>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    pub(crate) fn if_revision(self, revision: Option<u64>) -> Self {
        Self { if_revision: revision, ..self }
    }

    /// Its headers beside those that follow from its body.
    fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let key = self.idempotency_key.clone().map(|key| ("idempotency-key", key));
        let revision = self.if_revision.map(|revision| ("if-match", format!("\"{revision}\"")));
        key.into_iter().chain(revision)
    }

    pub(crate) fn with_key(self, key: Option<String>) -> Self {
        Self { idempotency_key: key, ..self }
    }
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A node's administration.
pub(crate) enum Admin {
    /// By its socket.
    Unix(PathBuf),
    /// By its listener.
    Remote(Remote),
}

/// What came back.
struct Answer {
    status: u16,
    body: Bytes,
}

/// Why nothing came back.
struct NoAnswer {
    place: String,
    why: String,
    /// Whether the node may have got the request.
    sent: bool,
}

impl Admin {
    /// By what the command line says.
    pub(crate) fn new(connection: &Connection) -> Result<Self, Failure> {
        Ok(match &connection.url {
            Some(url) => Self::Remote(Remote::new(url, connection)?),
            None => Self::Unix(connection.socket.clone()),
        })
    }

    /// Asks. The answer is `null` where there is none.
    pub(crate) async fn call(&self, call: Call) -> Result<Value, Failure> {
        let reads = call.method == Method::GET;
        let answered = match self {
            Self::Unix(path) => unix::send(path, &call).await,
            Self::Remote(remote) => remote.send(&call).await,
        };
        let answer = answered.map_err(|none| {
            if none.sent && !reads {
                Failure::Unknown(format!("{}: {}", none.place, none.why))
            } else {
                Failure::Unreachable { place: none.place, why: none.why }
            }
        })?;
        if !(200..300).contains(&answer.status) {
            return Err(Failure::of_answer(answer.status, &answer.body));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|_| Failure::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, segment};

    #[test]
    fn a_call_says_what_it_rests_on() {
        let call = Call::put("/v1/x").with_key(Some("k".to_owned())).if_revision(Some(7));
        let headers: Vec<_> = call.headers().collect();
        assert_eq!(headers, [("idempotency-key", "k".to_owned()), ("if-match", "\"7\"".to_owned())]);
        assert_eq!(Call::get("/v1/x").headers().count(), 0);
    }

    #[test]
    fn ids_stay_one_segment() {
        assert_eq!(segment("host/a b"), "host%2Fa%20b");
        assert_eq!(segment(".."), "%2E%2E");
    }
}
