//! Media types of request bodies.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::error::Refused;

/// A media type that some endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
    /// `application/scim+json`, or `application/json` (RFC 7644 §3.1).
    Scim,
}

impl Media {
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Form => &["application/x-www-form-urlencoded"],
            Self::Json => &["application/json"],
            Self::Scim => &["application/scim+json", "application/json"],
        }
    }

    /// Checks that a body is announced as this type, in UTF-8 and not compressed.
    ///
    /// # Errors
    /// [`Refused::MediaType`], [`Refused::ContentEncoding`], [`Refused::ConflictingHeaders`].
    pub fn check(self, headers: &HeaderMap) -> Result<(), Refused> {
        let identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
            return Err(Refused::ContentEncoding);
        }
        let mut all = headers.get_all(CONTENT_TYPE).iter();
        let value = all.next().and_then(|value| value.to_str().ok()).ok_or(Refused::MediaType)?;
        if all.next().is_some() {
            return Err(Refused::ConflictingHeaders);
        }
        let mut parts = value.split(';').map(str::trim);
        let named = parts.next().is_some_and(|given| self.names().iter().any(|name| given.eq_ignore_ascii_case(name)));
        if named && parts.all(is_utf8) { Ok(()) } else { Err(Refused::MediaType) }
    }
}

/// Whether a parameter of the type leaves the character set at UTF-8. Parameters we don't know mean nothing.
fn is_utf8(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return parameter.is_empty() };
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(media: Media, value: &str) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
        media.check(&headers)
    }

    #[test]
    fn only_the_endpoints_own_type_in_utf8_is_taken() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\";"] {
            assert_eq!(check(Media::Json, good), Ok(()), "{good}");
        }
        let bad = ["application/json; charset=utf-16", "text/json", "application/json, text/html", "", "json; x"];
        for bad in bad {
            assert_eq!(check(Media::Json, bad), Err(Refused::MediaType), "{bad}");
        }
        assert_eq!(check(Media::Scim, "application/scim+json"), Ok(()));
        assert_eq!(check(Media::Scim, "application/json"), Ok(()));
        assert_eq!(check(Media::Json, "application/scim+json"), Err(Refused::MediaType));
        assert_eq!(check(Media::Form, "application/json"), Err(Refused::MediaType));
        assert_eq!(Media::Form.check(&HeaderMap::new()), Err(Refused::MediaType));
    }

    #[test]
    fn compressed_bodies_are_refused() {
        for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_ENCODING, HeaderValue::from_str(encoding).unwrap());
            assert_eq!(Media::Json.check(&headers), Err(Refused::ContentEncoding), "{encoding}");
        }
    }
}
