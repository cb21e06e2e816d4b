//! Client credentials in a header and a form.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use woad_http::{Credentials, Form};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "basic_auth",
    run: target,
    seeds: || crate::texts(&["Basic YTpi\n", "basic aG9zdCUzQXNlLm9yZzp4JTJCeSt6\nclient_id=host%3Ase.org", "\nclient_id=a&client_secret=b", "Bearer abc\nclient_id=a"]),
    words: &["Basic ", "YTpi", "OmI=", "=", "\n", "client_id=", "&client_secret=", "client_assertion=", " ", "%3A"],
    rounds: 15_000,
};

/// A line with the header's value, then a form. What is understood is one client's, from one place.
pub fn target(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let Ok(form) = Form::parse(body) else { return };
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        let Ok(value) = HeaderValue::from_bytes(header) else { return };
        headers.insert(AUTHORIZATION, value);
    }
    let Ok(found) = Credentials::of(&headers, &form) else { return };
    let texts = || found.client_id.chars().chain(found.secret.iter().flat_map(|secret| secret.chars()));
    assert!(!found.client_id.is_empty() && !texts().any(char::is_control));
    assert!(form.get("client_id").is_none_or(|id| id == found.client_id), "one request is one client's");
    if header.is_empty() {
        assert_eq!(found.secret.as_deref(), form.get("client_secret"));
    } else {
        assert!(form.get("client_secret").is_none(), "a secret stands in one place");
        let encoded = found.secret.iter().fold(encoded(&found.client_id), |id, secret| format!("{id}:{}", self::encoded(secret)));
        let value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(encoded))).expect("ASCII");
        headers.insert(AUTHORIZATION, value);
        if headers[AUTHORIZATION].len() <= woad_http::limits::MAX_BASIC_BYTES {
            let again = Credentials::of(&headers, &form).ok().map(|again| (again.client_id, again.secret));
            assert_eq!(again, Some((found.client_id, found.secret)), "credentials are the same after a journey");
        }
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
