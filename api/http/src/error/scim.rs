//! Errors of SCIM endpoints (RFC 7644 §3.12).

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::Unavailable;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The `scimType` member (RFC 7644 §3.12, RFC 9865 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the keyword of that name")]
pub enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    Sensitive,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ScimType {
    /// As it stands in the body.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

/// An error answer of SCIM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimError {
    status: StatusCode,
    kind: Option<ScimType>,
    detail: String,
    retry_after: Option<u64>,
}

impl ScimError {
    /// An error that its status tells apart. The detail must hold no secret.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into(), retry_after: None }
    }

    /// With a keyword.
    #[must_use]
    pub const fn of_type(mut self, kind: ScimType) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Unavailable> for ScimError {
    fn from(unavailable: Unavailable) -> Self {
        let mut error = Self::new(unavailable.status, unavailable.text);
        error.retry_after = unavailable.retry_after;
        error
    }
}

impl From<raft_store_core::StoreError> for ScimError {
    fn from(error: raft_store_core::StoreError) -> Self {
        Unavailable::from(error).into()
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("schemas".into(), json!([SCHEMA]));
        body.insert("status".into(), Value::from(self.status.as_str()));
        if let Some(kind) = self.kind {
            body.insert("scimType".into(), Value::from(kind.name()));
        }
        body.insert("detail".into(), Value::from(self.detail));
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_has_its_schema_and_its_status_as_text() {
        let error = ScimError::new(StatusCode::CONFLICT, "userName is taken").of_type(ScimType::Uniqueness);
        let response = error.into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/scim+json");
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        let expected = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName is taken"}"#;
        assert_eq!(body, expected);
    }
}
