//! A request on its way to a requirement.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::body;
use crate::context::{Peer, RequestContext};
use crate::error::Refused;
use crate::form::{Form, FormError};
use crate::limits::{MAX_FORM_BYTES, MAX_JSON_BYTES};
use crate::load::Admitted;
use crate::media::Media;
use crate::object::Object;

/// An answer given in the handler's stead.
#[derive(Debug)]
pub struct Rejection(Box<Response>);

impl<R: IntoResponse> From<R> for Rejection {
    fn from(response: R) -> Self {
        Self(Box::new(response.into_response()))
    }
}

impl Rejection {
    /// The answer.
    #[must_use]
    pub fn into_response(self) -> Response {
        *self.0
    }
}

/// Why a body could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Before it was read.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is no form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// It is not the JSON that is expected; names the place, never the content.
    #[error("line {line}, column {column}: {what}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// A request and its context.
pub struct Incoming {
    /// Its context.
    pub context: RequestContext,
    /// Its head.
    pub parts: Parts,
    body: Body,
    admitted: Option<Arc<Admitted>>,
}

impl Incoming {
    pub(crate) fn new(request: Request) -> Self {
        let (mut parts, body) = request.into_parts();
        let context = parts.extensions.remove::<RequestContext>();
        let context = context.unwrap_or_else(|| RequestContext::new(Peer::Unknown));
        let admitted = parts.extensions.remove::<Arc<Admitted>>();
        Self { context, parts, body, admitted }
    }

    /// Whether there is a body. One of a request that needs none is not read.
    #[must_use]
    pub fn has_body(&self) -> bool {
        !hyper::body::Body::is_end_stream(&self.body)
    }

    /// The parameters of the path, decoded, in their order.
    ///
    /// # Errors
    /// [`Refused::Path`] when one is not UTF-8 or holds a control character.
    pub async fn path_parameters(&mut self) -> Result<Vec<String>, Refused> {
        let params = RawPathParams::from_request_parts(&mut self.parts, &()).await.map_err(|_| Refused::Path)?;
        let values: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
        let clean = values.iter().all(|value| !value.is_empty() && !value.chars().any(char::is_control));
        if clean { Ok(values) } else { Err(Refused::Path) }
    }

    /// The query's parameters.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn query(&self) -> Result<Form, FormError> {
        Form::parse(self.parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// The body as a form.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn form(&mut self) -> Result<Form, BodyError> {
        Ok(Form::parse(&self.bytes(Media::Form, MAX_FORM_BYTES).await?)?)
    }

    /// The body's bytes, announced as this type.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn bytes(&mut self, media: Media, limit: usize) -> Result<bytes::Bytes, Refused> {
        media.check(&self.parts.headers)?;
        body::read(&self.parts.headers, std::mem::take(&mut self.body), limit, self.admitted.as_deref()).await
    }

    /// The body's bytes, announced as JSON, for a digest and for [`parse_json`].
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn json_bytes(&mut self) -> Result<bytes::Bytes, BodyError> {
        Ok(self.bytes(Media::Json, MAX_JSON_BYTES).await?)
    }
}

/// A strict JSON object: UTF-8, at most 128 levels deep, nothing behind it. Types that deny unknown fields refuse those; every
/// derived type refuses a repeated field.
///
/// # Errors
/// [`BodyError::Json`].
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    serde_json::from_slice(body).map(|Object(parsed)| parsed).map_err(|error| BodyError::Json {
        line: error.line(),
        column: error.column(),
        what: what(&error),
    })
}

/// What is wrong, without what the sender wrote: serde quotes values, and a value may be a secret.
fn what(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    match error.classify() {
        serde_json::error::Category::Data if text.starts_with("unknown field") => "unknown field",
        serde_json::error::Category::Data if text.starts_with("duplicate field") => "repeated field",
        serde_json::error::Category::Data if text.starts_with("missing field") => "missing field",
        serde_json::error::Category::Data => "a value of another type is expected here",
        serde_json::error::Category::Eof => "unexpected end",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "malformed JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        #[expect(dead_code, reason = "only parsed")]
        a: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only parsed")]
        n: f64,
    }

    #[test]
    fn json_is_strict_and_errors_do_not_echo() {
        assert!(parse_json::<Sample>(br#"{"a":"x"}"#).is_ok());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        let table: [(&[u8], &str); 13] = [
            (b"", "unexpected end"),
            (b"{", "unexpected end"),
            (b"[]", "a value of another type is expected here"),
            (br#"{"a":"x"} x"#, "malformed JSON"),
            (br#"{"a":"x","a":"y"}"#, "repeated field"),
            (br#"{"secret":"x"}"#, "unknown field"),
            (br#"{"a":7}"#, "a value of another type is expected here"),
            (br#"{"n":1e999999}"#, "malformed JSON"),
            (br#"{"a":"\ud800"}"#, "malformed JSON"),
            (b"{\"a\":\"\xc0\xaf\"}", "malformed JSON"),
            (b"{\"a\":\"\x00\"}", "malformed JSON"),
            (b"\xef\xbb\xbf{}", "malformed JSON"),
            (deep.as_bytes(), "a value of another type is expected here"),
        ];
        for (body, expected) in table {
            let Err(BodyError::Json { what, .. }) = parse_json::<Sample>(body) else { panic!("{body:?} parsed") };
            assert_eq!(what, expected, "{}", String::from_utf8_lossy(body));
        }
    }
}
