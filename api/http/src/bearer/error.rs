//! Why a token opens nothing, in each protocol's shape (RFC 6750 §3.1).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::error::{Problem, ScimError, Shape};

/// Why a request with, or without, an access token is refused. What is wrong with a token is for logs: its bearer
/// learns that it is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// There is none.
    #[error("Full authentication is required to access this resource")]
    Missing,
    /// More than one, or in two places.
    #[error("More than one access token in the request")]
    Several,
    /// What is there can't be a token.
    #[error("Malformed access token")]
    Malformed,
    /// It is longer than any that is issued.
    #[error("Access token too long")]
    TooLong,
    /// It is not one of ours, or does not count any more, or is for others. Never repeats it.
    #[error("Invalid access token")]
    Invalid,
    /// It counts, and does not reach this far.
    #[error("Insufficient scope for this resource")]
    Scope {
        /// The scope that would.
        needed: &'static str,
    },
    /// It speaks of a client where a person is needed.
    #[error("A token of a user is required")]
    NoUser,
}

impl BearerError {
    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Several | Self::Malformed | Self::TooLong => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Invalid => StatusCode::UNAUTHORIZED,
            Self::Scope { .. } | Self::NoUser => StatusCode::FORBIDDEN,
        }
    }

    /// RFC 6750's code. INDIGO's word where that has none.
    const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "unauthorized",
            Self::Several | Self::Malformed | Self::TooLong => "invalid_request",
            Self::Invalid => "invalid_token",
            Self::Scope { .. } | Self::NoUser => "insufficient_scope",
        }
    }

    /// The challenge. Who presented nothing is told only what to present (RFC 6750 §3.1).
    fn challenge(&self) -> String {
        let error = match self {
            Self::Missing => return "Bearer realm=\"woad\"".to_owned(),
            other => other.code(),
        };
        let scope = match self {
            Self::Scope { needed } => format!(", scope=\"{needed}\""),
            _ => String::new(),
        };
        format!("Bearer realm=\"woad\", error=\"{error}\", error_description=\"{self}\"{scope}")
    }

    /// The answer in an endpoint's shape.
    #[must_use]
    pub fn respond(&self, shape: Shape) -> Response {
        let (status, text) = (self.status(), self.to_string());
        let mut response = match shape {
            Shape::OAuth => {
                let mut body = json!({"error": self.code(), "error_description": text});
                if let (Self::Scope { needed }, Some(fields)) = (self, body.as_object_mut()) {
                    fields.insert("scope".into(), (*needed).into());
                }
                (status, Json(body)).into_response()
            }
            Shape::Scim => ScimError::new(status, text).into_response(),
            Shape::Problem => Problem::new(status, text).into_response(),
        };
        if let Ok(challenge) = HeaderValue::from_str(&self.challenge()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_status_and_challenge() {
        for (error, status, challenge) in [
            (BearerError::Missing, 401, "Bearer realm=\"woad\""),
            (
                BearerError::Invalid,
                401,
                "Bearer realm=\"woad\", error=\"invalid_token\", error_description=\"Invalid access token\"",
            ),
            (
                BearerError::Several,
                400,
                "Bearer realm=\"woad\", error=\"invalid_request\", \
                 error_description=\"More than one access token in the request\"",
            ),
            (
                BearerError::Scope { needed: "scim:read" },
                403,
                "Bearer realm=\"woad\", error=\"insufficient_scope\", \
                 error_description=\"Insufficient scope for this resource\", scope=\"scim:read\"",
            ),
        ] {
            for shape in [Shape::OAuth, Shape::Scim, Shape::Problem] {
                let response = error.respond(shape);
                assert_eq!(response.status().as_u16(), status, "{error}");
                assert_eq!(response.headers()[WWW_AUTHENTICATE], challenge, "{error}");
            }
        }
    }
}
