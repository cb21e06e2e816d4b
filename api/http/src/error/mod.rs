//! What callers see when something goes wrong.
//!
//! Each operation has its own error enum and maps it, in one `match`, to one of the shapes here: [`OAuthError`]
//! (RFC 6749 §5.2, RFC 6750) for OAuth endpoints, [`ScimError`] (RFC 7644 §3.12) for SCIM, [`Problem`] (RFC 9457) for
//! everything that is ours alone; people get pages ([`crate::page`]). A
//! failure of the store is never the caller's fault, and is told apart by whether something may have happened.
//! Nothing a caller sent as a secret or token is ever repeated.

mod oauth;
mod problem;
mod scim;
mod store;

pub use oauth::{Code, OAuthError};
pub use problem::Problem;
pub use scim::{ScimError, ScimType};
pub use store::Unavailable;

use crate::limits::MAX_DESCRIPTION;
use http::StatusCode;

/// How an endpoint's errors look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{"error", "error_description"}`.
    OAuth,
    /// RFC 9457.
    Problem,
    /// RFC 7644 §3.12.
    Scim,
}

/// What is wrong with a request before any operation looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than [`crate::limits::MAX_URI_BYTES`].
    #[error("the URI is too long")]
    UriTooLong,
    /// More than [`crate::limits::MAX_HEADER_BYTES`] or [`crate::limits::MAX_HEADERS`].
    #[error("the header fields are too large")]
    HeadersTooLarge,
    /// Larger than the endpoint takes.
    #[error("the body is too large")]
    BodyTooLarge,
    /// It did not arrive in time, or broke off.
    #[error("the body did not arrive")]
    BodyMissing,
    /// A header that must stand alone is repeated, or two say different things.
    #[error("conflicting header fields")]
    ConflictingHeaders,
    /// An encoded slash, an empty segment and the like.
    #[error("the path is not in canonical form")]
    Path,
    /// A token or secret in the query, where logs would keep it.
    #[error("parameters of this kind must not be in the query")]
    Query,
    /// Another media type or character set than the endpoint takes.
    #[error("unsupported media type")]
    MediaType,
    /// A compressed body.
    #[error("content encodings are not supported")]
    ContentEncoding,
    /// No such route.
    #[error("there is nothing here")]
    NotFound,
    /// The route exists, for other methods.
    #[error("method not allowed")]
    Method,
    /// The host is not one of ours.
    #[error("this host is not served here")]
    Misdirected,
    /// More is being answered than this node has memory for.
    #[error("too many requests at once, nothing happened")]
    Busy,
    /// Too many wrong credentials came from the same address.
    #[error("too many failed authentications from this address")]
    Throttled {
        /// After how many seconds to try again.
        seconds: u64,
    },
    /// A fault of ours ended it.
    #[error("internal error")]
    Broken,
}

impl Refused {
    /// Its status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyMissing => StatusCode::REQUEST_TIMEOUT,
            Self::ConflictingHeaders | Self::Path | Self::Query => StatusCode::BAD_REQUEST,
            Self::MediaType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the connection is not worth keeping: what follows on it may not be a request.
    #[must_use]
    const fn closes(self) -> bool {
        matches!(
            self,
            Self::BodyTooLarge | Self::BodyMissing | Self::ConflictingHeaders | Self::HeadersTooLarge | Self::Busy
        )
    }

    /// The answer in an endpoint's shape.
    #[must_use]
    pub fn respond(self, shape: Shape) -> axum::response::Response {
        use axum::response::IntoResponse;
        let mut response = match shape {
            Shape::OAuth => {
                let code = match self {
                    Self::NotFound => Code::NotFound,
                    Self::Broken => Code::ServerError,
                    Self::Busy | Self::Throttled { .. } => Code::TemporarilyUnavailable,
                    _ => Code::InvalidRequest,
                };
                OAuthError::new(code, self.to_string()).with_status(self.status()).into_response()
            }
            Shape::Problem => Problem::new(self.status(), self.to_string()).into_response(),
            Shape::Scim => ScimError::new(self.status(), self.to_string()).into_response(),
        };
        self.close(&mut response);
        response
    }

    /// Has the answer end the connection, where that is not worth keeping, and say when to come again.
    pub(crate) fn close(self, response: &mut axum::response::Response) {
        if self.closes() {
            response.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(seconds));
        }
    }

    /// After how many seconds to try again, where that helps.
    #[must_use]
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Self::Busy => Some(1),
            Self::Throttled { seconds } => Some(seconds),
            _ => None,
        }
    }
}

/// `text` as RFC 6749 §5.2 lets a description be: printable ASCII without `"` and `\`, and not too long.
pub(crate) fn describe(text: &str) -> String {
    let printable = |c: char| if matches!(c, ' '..='!' | '#'..='[' | ']'..='~') { c } else { '?' };
    let quoted = |c: char| if c == '"' { '\'' } else { c };
    text.chars().take(MAX_DESCRIPTION).map(quoted).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_is_short_printable_ascii() {
        assert_eq!(describe("Scope \"a\"\n\u{e9}\\"), "Scope 'a'???");
        assert_eq!(describe(&"x".repeat(1000)).len(), MAX_DESCRIPTION);
    }
}
