//! A place in a list. It holds no more than what was shown, and opens nothing: a forged one is another place.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Bytes of one: the longest attribute to order by, and an id.
const MAX_BYTES: usize = 8 * 1024;

/// A place: before or behind a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// Its value of the attribute to order by.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// Its type's place among the types.
    #[serde(rename = "t")]
    pub(super) kind: usize,
    /// Its id.
    #[serde(rename = "i")]
    pub(super) id: Uuid,
    /// Whether the page lies before it.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) backward: bool,
}

impl Cursor {
    /// As clients hold it: unreserved characters alone (RFC 9865 §2).
    pub(super) fn text(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(json)
    }

    /// From a client.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_is_read_again() {
        for key in [None, Some("ä\u{10ffff}".to_owned())] {
            let cursor = Cursor { key, kind: 1, id: Uuid::from_bytes([7; 16]), backward: true };
            let text = cursor.text();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{text}");
            assert_eq!(Cursor::parse(&text), Some(cursor));
        }
        for bad in ["", "x", "e30", "bnVsbA", &"A".repeat(MAX_BYTES + 1)] {
            assert_eq!(Cursor::parse(bad), None, "{bad:.20}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9_-]{0,80}") {
            let _ = Cursor::parse(&text);
        }
    }
}
