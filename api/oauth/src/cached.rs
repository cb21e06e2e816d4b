//! Documents that relying parties keep: with an `ETag` that is the same at every replica.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Bytes of the digest in a tag: two documents of one URL never meet by chance.
const TAG_BYTES: usize = 16;

/// The document, or 304 when the request names its tag.
pub(crate) fn respond(request: &HeaderMap, json: String, max_age_seconds: u32) -> Response {
    let digest = digest(&SHA256, json.as_bytes());
    let tag = BASE64_URL_SAFE_NO_PAD.encode(digest.as_ref().get(..TAG_BYTES).unwrap_or_default());
    let tag = format!("\"{tag}\"");
    let mut response =
        if known(request, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { json.into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let cache = format!("max-age={max_age_seconds}, no-transform, must-revalidate");
    for (name, value) in [(ETAG, tag), (CACHE_CONTROL, cache)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// RFC 9110 §13.1.2: weak comparison.
fn known(request: &HeaderMap, tag: &str) -> bool {
    let lists = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tags_are_not_sent_again() {
        let first = respond(&HeaderMap::new(), "{}".to_owned(), 60);
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CACHE_CONTROL], "max-age=60, no-transform, must-revalidate");
        let tag = first.headers()[ETAG].to_str().unwrap();
        for (header, status) in [
            (tag.to_owned(), StatusCode::NOT_MODIFIED),
            (format!("\"x\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"x\"".to_owned(), StatusCode::OK),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(&header).unwrap());
            assert_eq!(respond(&headers, "{}".to_owned(), 60).status(), status, "{header}");
        }
    }
}
