//! How a client says who it is (RFC 6749 §2.3).
//!
//! What is presented here proves nothing yet: an operation hands it to the domain within its own view or
//! transaction, so that the client and its state are read as fresh as the operation itself needs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use woad_identity::client::{AuthMethod, Presented};

use crate::error::{Code, OAuthError};
use crate::form::{Form, decode};
use crate::limits::MAX_BASIC_BYTES;

/// Credentials as presented. They can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who it says it is.
    pub client_id: String,
    /// What it says to prove that; a public client says nothing.
    pub secret: Option<String>,
    /// How it said so.
    pub method: AuthMethod,
}

/// Why there are no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// None were presented, or of a kind that is not supported.
    #[error("Client authentication is required")]
    Missing,
    /// What follows `Basic` is no pair of id and secret.
    #[error("Malformed client credentials")]
    Malformed,
    /// More than one way at once.
    #[error("More than one client authentication method in the request")]
    Several,
    /// The form names another client. INDIGO's text.
    #[error("Given client ID does not match authenticated client")]
    OtherClient,
}

impl From<CredentialsError> for OAuthError {
    fn from(error: CredentialsError) -> Self {
        let code = match error {
            CredentialsError::Several => Code::InvalidRequest,
            CredentialsError::Missing | CredentialsError::Malformed | CredentialsError::OtherClient => {
                Code::InvalidClient
            }
        };
        Self::new(code, error.to_string())
    }
}

impl Credentials {
    /// Takes them from the `Authorization` header or from the form, never from both. A form with a `client_id` alone is
    /// a public client's (RFC 6749 §3.2.1).
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub fn of(headers: &HeaderMap, form: &Form) -> Result<Self, CredentialsError> {
        let assertion = form.has("client_assertion") || form.has("client_assertion_type");
        let in_form = form.get("client_secret");
        let Some(header) = headers.get(AUTHORIZATION) else {
            return match (form.get("client_id"), in_form) {
                (_, Some(_)) if assertion => Err(CredentialsError::Several),
                (Some(id), Some(secret)) => Ok(Self {
                    client_id: id.to_owned(),
                    secret: Some(secret.to_owned()),
                    method: AuthMethod::ClientSecretPost,
                }),
                (Some(id), None) if !assertion => {
                    Ok(Self { client_id: id.to_owned(), secret: None, method: AuthMethod::None })
                }
                _ => Err(CredentialsError::Missing),
            };
        };
        if in_form.is_some() || assertion {
            return Err(CredentialsError::Several);
        }
        let credentials = basic(header.as_bytes())?;
        if form.get("client_id").is_some_and(|id| id != credentials.client_id) {
            return Err(CredentialsError::OtherClient);
        }
        Ok(credentials)
    }

    /// As the domain takes them.
    #[must_use]
    pub fn presented(&self) -> Presented<'_> {
        Presented { client_id: &self.client_id, secret: self.secret.as_deref(), method: self.method }
    }
}

fn basic(value: &[u8]) -> Result<Credentials, CredentialsError> {
    let malformed = CredentialsError::Malformed;
    if value.len() > MAX_BASIC_BYTES {
        return Err(malformed);
    }
    let (scheme, encoded) = value.split_at_checked(6).ok_or(CredentialsError::Missing)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return Err(CredentialsError::Missing);
    }
    let pair = STANDARD.decode(encoded.trim_ascii()).map_err(|_| malformed)?;
    let colon = pair.iter().position(|byte| *byte == b':').ok_or(malformed)?;
    let (id, secret) = (pair.get(..colon).unwrap_or_default(), pair.get(colon + 1..).unwrap_or_default());
    let text = |half: &[u8]| decode(half).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(malformed);
    let (client_id, secret) = (text(id)?, text(secret)?);
    if client_id.is_empty() || client_id.chars().chain(secret.chars()).any(char::is_control) {
        return Err(malformed);
    }
    Ok(Credentials { client_id, secret: Some(secret), method: AuthMethod::ClientSecretBasic })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn of(authorization: Option<&[u8]>, form: &str) -> Result<(String, String, AuthMethod), CredentialsError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        let credentials = Credentials::of(&headers, &Form::parse(form.as_bytes()).unwrap())?;
        Ok((credentials.client_id, credentials.secret.unwrap_or_default(), credentials.method))
    }

    fn header(pair: &[u8]) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(pair)).into_bytes()
    }

    #[test]
    fn basic_and_form_are_understood() {
        let basic = |id: &str, secret: &str| Ok((id.to_owned(), secret.to_owned(), AuthMethod::ClientSecretBasic));
        assert_eq!(of(Some(&header(b"a:b")), ""), basic("a", "b"));
        assert_eq!(of(Some(&header(b"a:b:c")), ""), basic("a", "b:c"));
        assert_eq!(of(Some(&header(b"host%3Ase.org:x%2By+z")), ""), basic("host:se.org", "x+y z"));
        assert_eq!(of(Some(&header(b"a:b")), "client_id=a"), basic("a", "b"));
        assert_eq!(of(Some(&[b"basic  ".as_slice(), b"YTpi"].concat()), ""), basic("a", "b"));
        let post = Ok(("a".to_owned(), "b".to_owned(), AuthMethod::ClientSecretPost));
        assert_eq!(of(None, "client_id=a&client_secret=b"), post);
        assert_eq!(of(None, "client_id=a"), Ok(("a".to_owned(), String::new(), AuthMethod::None)));
    }

    #[test]
    fn everything_else_is_refused() {
        use CredentialsError::{Malformed, Missing, OtherClient, Several};
        let good = header(b"a:b");
        let long = header(&[b'x'; MAX_BASIC_BYTES]);
        let table: [(Option<&[u8]>, &str, CredentialsError); 15] = [
            (None, "", Missing),
            (None, "client_secret=b", Missing),
            (None, "client_id=a&client_assertion=x", Missing),
            (None, "client_id=a&client_secret=b&client_assertion=x", Several),
            (Some(b"Bearer abc"), "", Missing),
            (Some(b""), "", Missing),
            (Some(&good), "client_secret=b", Several),
            (Some(&good), "client_id=a&client_secret=b", Several),
            (Some(&good), "client_assertion=x", Several),
            (Some(&good), "client_id=c", OtherClient),
            (Some(b"Basic %%%"), "", Malformed),
            (Some(&header(b"nocolon")), "", Malformed),
            (Some(&header(b":secret")), "", Malformed),
            (Some(&header(b"\xff:b")), "", Malformed),
            (Some(&long), "", Malformed),
        ];
        for (authorization, form, error) in table {
            let shown = authorization.map(String::from_utf8_lossy);
            assert_eq!(of(authorization, form), Err(error), "{shown:?} {form}");
        }
        assert_eq!(of(Some(&header(b"a%zz:b")), ""), Err(Malformed));
        assert_eq!(of(Some(&header(b"a:b%00")), ""), Err(Malformed));
    }

    proptest! {
        /// Section 4.3: whatever follows `Basic` is a pair of texts without control characters, or malformed.
        #[test]
        fn any_basic_value_is_a_pair_or_refused(pair: Vec<u8>, raw: Vec<u8>) {
            for value in [header(&pair), [b"Basic ", raw.as_slice()].concat(), raw] {
                if let Ok(found) = basic(&value) {
                    prop_assert!(!found.client_id.is_empty());
                    prop_assert!(!found.client_id.chars().chain(found.secret.unwrap_or_default().chars()).any(char::is_control));
                }
            }
        }

        #[test]
        fn an_encoded_pair_comes_back(id in "[^\\p{Cc}]{1,40}", secret in "[^\\p{Cc}]{0,40}") {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
            let found = basic(&header(format!("{}:{}", encode(&id), encode(&secret)).as_bytes()));
            let found = found.map(|found| (found.client_id, found.secret));
            prop_assert_eq!(found, Ok((id, Some(secret))));
        }
    }
}
