//! Tokens whose signature was found right: a relying party asks about the same token with every request it serves, and
//! verifying an ECDSA signature is a large part of the answer.
//!
//! Only that is remembered which can't change: that these very bytes were signed by this very key for this issuer. Whether
//! the key is still published and whether the token still counts is asked each time. What is not right is not remembered,
//! so nobody pushes tokens out who has none.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use quick_cache::sync::Cache;

/// Tokens remembered at a node, of all keys together.
const MAX_SEEN: usize = 32 * 1024;

/// SHA-256 of public key, issuer and token, each after its length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; SHA256_OUTPUT_LEN]);

impl Fingerprint {
    pub(super) fn of(public_jwk: &str, issuer: &str, token: &str) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [public_jwk, issuer, token] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut digest = [0; SHA256_OUTPUT_LEN];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

/// The tokens.
pub(super) struct Seen(Cache<Fingerprint, ()>);

impl Default for Seen {
    fn default() -> Self {
        Self(Cache::new(MAX_SEEN))
    }
}

impl Seen {
    pub(super) fn has(&self, token: &Fingerprint) -> bool {
        self.0.get(token).is_some()
    }

    pub(super) fn add(&self, token: Fingerprint) {
        self.0.insert(token, ());
    }
}
