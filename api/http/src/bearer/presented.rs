//! The token in a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::error::BearerError;
use crate::form::Form;
use crate::limits::MAX_BEARER_BYTES;

/// The field of a form that may hold a token (RFC 6750 §2.2).
pub(super) const FIELD: &str = "access_token";

/// The token of the `Authorization` header. Another scheme presents none.
pub(super) fn in_header(headers: &HeaderMap) -> Result<Option<&str>, BearerError> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(BearerError::Several);
    }
    let value = value.as_bytes();
    let (scheme, token) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value.split_at_checked(space).unwrap_or((value, &[])),
        None => (value, &[][..]),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    if token.len() > MAX_BEARER_BYTES {
        return Err(BearerError::TooLong);
    }
    let token = std::str::from_utf8(token).map_err(|_| BearerError::Malformed)?;
    check(token.trim_start_matches(' ')).map(Some)
}

/// The one token of a request: in the header or in the form, never in both.
pub(super) fn one<'a>(headers: &'a HeaderMap, form: Option<&'a Form>) -> Result<&'a str, BearerError> {
    let header = in_header(headers)?;
    let in_form = form.and_then(|form| form.get(FIELD));
    match (header, in_form) {
        (Some(_), Some(_)) => Err(BearerError::Several),
        (Some(token), None) => Ok(token),
        (None, Some(token)) if token.len() > MAX_BEARER_BYTES => Err(BearerError::TooLong),
        (None, Some(token)) => check(token),
        (None, None) => Err(BearerError::Missing),
    }
}

/// RFC 6750 §2.1 `b64token`.
fn check(token: &str) -> Result<&str, BearerError> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if !token.is_empty() && token.bytes().all(allowed) { Ok(token) } else { Err(BearerError::Malformed) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn found(lines: &[&str], form: Option<&str>) -> Result<String, BearerError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        }
        let form = form.map(|text| Form::parse(text.as_bytes()).unwrap());
        one(&headers, form.as_ref()).map(str::to_owned)
    }

    #[test]
    fn a_token_is_in_the_header_or_in_the_form() {
        for line in ["Bearer a.b-_~+/=", "bearer a.b-_~+/=", "BEARER  a.b-_~+/="] {
            assert_eq!(found(&[line], None).unwrap(), "a.b-_~+/=", "{line}");
        }
        assert_eq!(found(&[], Some("access_token=abc&x=y")).unwrap(), "abc");
    }

    #[test]
    fn everything_else_is_told_apart() {
        use BearerError::{Malformed, Missing, Several, TooLong};
        let long = format!("Bearer {}", "a".repeat(MAX_BEARER_BYTES + 1));
        let long_form = format!("access_token={}", "a".repeat(MAX_BEARER_BYTES + 1));
        for (lines, form, error) in [
            (&[][..], None, Missing),
            (&[], Some("x=y"), Missing),
            (&["Basic YTpi"], None, Missing),
            (&["Bearerabc"], None, Missing),
            (&["Bearer"], None, Malformed),
            (&["Bearer "], None, Malformed),
            (&["Bearer a b"], None, Malformed),
            (&["Bearer a,b"], None, Malformed),
            (&["Bearer \"a\""], None, Malformed),
            (&["Bearer \u{e9}"], None, Malformed),
            (&[], Some("access_token=a+b"), Malformed),
            (&["Bearer a", "Bearer a"], None, Several),
            (&["Bearer a"], Some("access_token=a"), Several),
            (&[long.as_str()], None, TooLong),
            (&[], Some(long_form.as_str()), TooLong),
        ] {
            assert_eq!(found(lines, form), Err(error), "{lines:.40?} {form:.40?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(line: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, value);
                let _ = in_header(&headers);
            }
        }
    }
}
