//! Headers that say what a body is, and that it is sent again.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use woad_http::idempotency::Key;
use woad_http::media::Media;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "request_headers",
    run: target,
    seeds: || crate::texts(&["application/json; charset=utf-8\nidentity\nkey-1", "application/scim+json\n\nk", "application/x-www-form-urlencoded;charset=\"UTF-8\"; x=y\ngzip\n"]),
    words: &["application/json", "application/scim+json", ";", "charset=", "utf-8", "utf-7", "\"", ",", "identity", "\n", " "],
    rounds: 20_000,
};

/// Three lines: type, encoding, idempotency key.
pub fn target(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let names = [CONTENT_TYPE, CONTENT_ENCODING, HeaderName::from_static("idempotency-key")];
    for (name, line) in names.into_iter().zip(data.split(|byte| *byte == b'\n')) {
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_bytes(line)) {
            headers.insert(name, value);
        }
    }
    for (media, names) in [(Media::Form, &["application/x-www-form-urlencoded"][..]), (Media::Json, &["application/json"]), (Media::Scim, &["application/scim+json", "application/json"])] {
        if media.check(&headers).is_ok() {
            let given = headers[CONTENT_TYPE].to_str().expect("what is accepted is text").to_ascii_lowercase();
            assert!(names.iter().any(|name| given.split(';').next().is_some_and(|given| given.trim() == *name)), "{given}");
            let parameters = given.split(';').map(str::trim);
            assert!(!parameters.into_iter().any(|parameter| parameter == "charset=utf-7"), "{given}");
        }
    }
    if let Ok(Some(key)) = Key::of(&headers, "vo", "robot", "/x", b"") {
        let value = headers["idempotency-key"].as_bytes();
        assert!((1..=255).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic));
        drop(key);
    }
}
