//! The parameters of an authorization request, one by one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::AuthorizeError;
use super::pkce;
use crate::audience::{Audience, AudienceFault};
use crate::client::ResponseType;

/// Bytes of a hint: the longest name or address. A longer one is of no use, and is left out.
const MAX_HINT: usize = 256;

/// The decoded parameters of a request.
pub(super) struct Parameters<'a>(pub(super) &'a [(String, String)]);

impl<'a> Parameters<'a> {
    pub(super) fn all(&self, name: &str) -> Vec<&'a str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// A parameter without a value counts as not sent (RFC 6749 §3.1).
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).into_iter().find(|value| !value.is_empty())
    }

    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).nth(1).is_some()
    }
}

pub(super) const fn bad(parameter: &'static str, why: &'static str) -> AuthorizeError {
    AuthorizeError::Parameter { parameter, why }
}

/// Parameters that ask for what is not done here, and that must not be overlooked.
pub(super) fn check_unserved(parameters: &Parameters<'_>) -> Result<(), AuthorizeError> {
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizeError::RequestUri);
    }
    if parameters.get("registration").is_some() {
        return Err(AuthorizeError::Registration);
    }
    match parameters.get("request") {
        None => Ok(()),
        Some(object) if is_signed(object) => Err(AuthorizeError::Request),
        Some(_) => Err(AuthorizeError::RequestObject),
    }
}

/// Whether a request object has a header that names a signature algorithm.
fn is_signed(object: &str) -> bool {
    let header = object.split('.').next().unwrap_or_default();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok();
    let header = header.and_then(|header| serde_json::from_slice::<Value>(&header).ok()).unwrap_or_default();
    header.get("alg").and_then(Value::as_str).is_some_and(|alg| !alg.eq_ignore_ascii_case("none"))
}

pub(super) fn check_response(parameters: &Parameters<'_>) -> Result<(), AuthorizeError> {
    let wanted = parameters.get("response_type").ok_or(bad("response_type", "missing"))?;
    if wanted != ResponseType::Code.name() {
        return Err(AuthorizeError::ResponseType);
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(bad("response_mode", "only query is supported")),
    }
}

pub(super) fn bounded(
    parameters: &Parameters<'_>,
    name: &'static str,
    max: usize,
) -> Result<Option<String>, AuthorizeError> {
    match parameters.get(name) {
        Some(value) if value.len() > max => Err(bad(name, "too long")),
        value => Ok(value.map(str::to_owned)),
    }
}

pub(super) fn hint(parameters: &Parameters<'_>, name: &str) -> Option<String> {
    let usable = |value: &&str| value.len() <= MAX_HINT && !value.chars().any(char::is_control);
    parameters.get(name).filter(usable).map(str::to_owned)
}

pub(super) fn audience(parameters: &Parameters<'_>) -> Result<Audience, AuthorizeError> {
    let all = |name| parameters.all(name);
    Audience::choose(&all("resource"), &all("aud"), &all("audience")).map_err(|fault| match fault {
        AudienceFault::Malformed => bad("audience", "a character that is not allowed"),
        other => AuthorizeError::Target(other.to_string()),
    })
}

/// S256 alone: `plain`, also by leaving the method out, proves nothing to whoever reads the request.
pub(super) fn challenge(parameters: &Parameters<'_>) -> Result<Option<String>, AuthorizeError> {
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(bad("code_challenge", "missing")),
        (Some(challenge), Some("S256")) if pkce::is_well_formed(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => Err(bad("code_challenge", "must have 43 to 128 unreserved characters")),
        (Some(_), _) => Err(bad("code_challenge_method", "must be S256")),
    }
}

pub(super) fn max_age(text: &str) -> Result<u32, AuthorizeError> {
    let digits = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or(bad("max_age", "not a number of seconds"))
}
