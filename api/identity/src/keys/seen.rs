//! Tokens whose signature was found right: a relying party asks about the same token with every request it serves, and
//! verifying an ECDSA signature costs more than everything else about the answer.
//!
//! Only that is remembered which can't change: that these very bytes were signed by this very key for this issuer. Whether
//! the key is still published and whether the token still counts is asked each time. What is not right is not remembered,
//! so nobody pushes tokens out who has none.

use aws_lc_rs::digest::{Context, SHA256};
use quick_cache::sync::Cache;

/// Tokens remembered of a key; some 80 bytes each.
const MAX_SEEN: usize = 8 * 1024;

/// SHA-256 of issuer and token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(issuer: &str, token: &str) -> Option<Self> {
        let mut context = Context::new(&SHA256);
        context.update(&u64::try_from(issuer.len()).ok()?.to_be_bytes());
        context.update(issuer.as_bytes());
        context.update(token.as_bytes());
        context.finish().as_ref().try_into().map(Self).ok()
    }
}

/// The tokens of one key.
pub(super) struct Seen(Cache<Fingerprint, ()>);

impl Seen {
    pub(super) fn new() -> Self {
        Self(Cache::new(MAX_SEEN))
    }

    pub(super) fn has(&self, token: &Fingerprint) -> bool {
        self.0.get(token).is_some()
    }

    pub(super) fn add(&self, token: Fingerprint) {
        self.0.insert(token, ());
    }
}
