//! Opaque tokens: 256 random bits shown once, kept as their SHA-256.
//!
//! What is looked up by an unpredictable value needs no key and no salt: nobody can guess what to hash.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::key_newtype;
use zeroize::Zeroizing;

/// Bytes of randomness in a token.
pub const OPAQUE_TOKEN_LEN: usize = 32;
/// Characters of its text.
const TEXT_LEN: usize = 43;

/// A token, to be shown to whom it is for. Can't be printed by accident.
#[derive(Clone)]
pub struct OpaqueToken(Zeroizing<String>);

impl OpaqueToken {
    /// From fresh random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; OPAQUE_TOKEN_LEN]) -> Self {
        Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(random)))
    }

    /// The text, to show it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Under what it is kept.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.reveal().as_bytes())
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken")
    }
}

/// The SHA-256 of a token's text: what the store knows of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

key_newtype!(TokenHash);

impl TokenHash {
    /// Of a token as somebody presents it; `None` for text that can't be one.
    #[must_use]
    pub fn of_presented(text: &str) -> Option<Self> {
        let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == TEXT_LEN && text.bytes().all(alphabet)).then(|| Self::of(text.as_bytes()))
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(out)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_found_by_its_text_and_prints_nothing() {
        let token = OpaqueToken::from_random(&[7; OPAQUE_TOKEN_LEN]);
        assert_eq!(TokenHash::of_presented(token.reveal()), Some(token.hash()));
        assert_eq!(format!("{token:?} {:?}", token.hash()), "OpaqueToken TokenHash");
    }

    proptest! {
        #[test]
        fn only_text_of_the_right_form_is_hashed(text in ".{0,60}") {
            let form = text.len() == TEXT_LEN && BASE64_URL_SAFE_NO_PAD.decode(&text).is_ok();
            prop_assert!(!form || TokenHash::of_presented(&text).is_some());
            prop_assert!(TokenHash::of_presented(&text).is_none() || text.len() == TEXT_LEN);
        }
    }
}
