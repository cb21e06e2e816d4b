//! `If-Match` and `If-None-Match`.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use woad_scim::fuzz::conditions;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scim_conditions",
    run: target,
    seeds: || crate::texts(&["W/\"42\"\n", "\n\"42\", W/\"7\"", "*\n*", ", ,\"42\"\nW/\"\""]),
    words: &["W/", "\"", "42", "*", ",", " ", "\n", "w/"],
    rounds: 20_000,
};

/// Two lines: `If-Match`, `If-None-Match`. A change is let through only when the tag asked for is the resource's.
pub fn target(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in [IF_MATCH, IF_NONE_MATCH] {
        let line = lines.next().unwrap_or_default();
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_bytes(line)) {
            headers.insert(name, value);
        }
    }
    let names = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(|text| text.contains('*') || text.contains("\"42\""));
    match conditions(&headers, 42) {
        Some(true) => assert!(names(&IF_MATCH) != Some(false), "the tag asked for is another"),
        Some(false) => assert!(!headers.is_empty(), "nothing was asked for"),
        None => {}
    }
}
