//! Errors of OAuth endpoints (RFC 6749 §5.2, RFC 6750 §3.1, RFC 8707 §2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::{Unavailable, describe};

/// The `error` member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the error code of that name")]
pub enum Code {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    AccessDenied,
    TemporarilyUnavailable,
    NotFound,
    ServerError,
}

impl Code {
    /// As it stands in the body.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::NotFound => "not_found",
            Self::ServerError => "server_error",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::AccessDenied => StatusCode::FORBIDDEN,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// An error answer. `invalid_client` carries the challenge that RFC 6749 asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    code: Code,
    status: StatusCode,
    description: String,
    retry_after: Option<u64>,
}

impl OAuthError {
    /// With the code's own status. The description must hold no secret; characters it may not have are replaced.
    #[must_use]
    pub fn new(code: Code, description: impl AsRef<str>) -> Self {
        let description = describe(description.as_ref());
        Self { code, status: code.status(), description, retry_after: None }
    }

    /// With another status.
    #[must_use]
    pub const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The `error` member.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }
}

impl From<Unavailable> for OAuthError {
    fn from(unavailable: Unavailable) -> Self {
        let mut error = Self::new(Code::TemporarilyUnavailable, unavailable.text).with_status(unavailable.status);
        error.retry_after = unavailable.retry_after;
        error
    }
}

impl From<raft_store_core::StoreError> for OAuthError {
    fn from(error: raft_store_core::StoreError) -> Self {
        Unavailable::from(error).into()
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code.name(), "error_description": self.description });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.code == Code::InvalidClient {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"woad\", charset=\"UTF-8\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
