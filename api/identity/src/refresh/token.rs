//! A refresh token's text, of URL-safe characters only:
//!
//! ```text
//! wr1.<grant>.<secret ‖ tag>
//! ```
//!
//! - `grant`: the grant's 128-bit id in base64url (22 characters): where the family is found.
//! - `secret`: 256 bits; the store knows their SHA-256.
//! - `tag`: 128 bits of an HMAC-SHA-256 under the realm's key over grant and secret. By it a token that was replaced
//!   long ago is told from one that never was: whoever has seen a grant's id in an access token can't make up a
//!   "replaced" token to end the family with.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ids::RealmId;
use crate::realm::secrets::client_secret_key;
use crate::token::GrantId;

const VERSION: &str = "wr1";
/// Separates this use of the realm's key from any other.
const TAG_PURPOSE: &[u8] = b"woad refresh token v1";
/// Separates this use of a secret from any other.
const SUCCESSOR_PURPOSE: &[u8] = b"woad refresh successor v1";
/// Bytes of the secret.
pub(super) const SECRET_LEN: usize = 32;
/// Bytes of the tag: no one tries 2^128 of them.
const TAG_LEN: usize = 16;
/// Characters of a token.
const TEXT_LEN: usize = VERSION.len() + 1 + 22 + 1 + 64;

/// A token, to be shown to its client. Can't be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The text, to show it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken")
    }
}

/// Whether a text looks like a refresh token of ours: neither is a JWT ever one, nor the reverse.
#[must_use]
pub fn is_refresh_token(text: &str) -> bool {
    text.strip_prefix(VERSION).is_some_and(|rest| rest.starts_with('.'))
}

/// A token's secret.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<[u8; SECRET_LEN]>);

impl Secret {
    pub(super) fn from_random(random: &[u8; SECRET_LEN]) -> Self {
        Self(Zeroizing::new(*random))
    }

    /// What the store knows of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_slice()).as_ref().to_vec()
    }

    pub(super) fn is_kept_as(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// The secret that replaces this one. From the seed alone nobody can tell it.
    pub(super) fn successor(&self, seed: &[u8]) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice()));
        context.update(SUCCESSOR_PURPOSE);
        context.update(&[0]);
        context.update(seed);
        let mut next = Zeroizing::new([0; SECRET_LEN]);
        next.copy_from_slice(context.sign().as_ref());
        Self(next)
    }
}

/// The realm's key, ready to make and check tags with.
pub(super) struct TagKey(hmac::Key);

impl TagKey {
    pub(super) fn load(read: &impl Read, realm: &RealmId) -> Result<Self, Abort> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &client_secret_key(read, realm)?);
        let mut context = hmac::Context::with_key(&root);
        // No part but the last holds a zero byte, so that no two realms share a key.
        for part in [TAG_PURPOSE, realm.as_str().as_bytes()] {
            context.update(part);
            context.update(&[0]);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, context.sign().as_ref())))
    }

    fn tag(&self, grant: GrantId, secret: &Secret) -> [u8; TAG_LEN] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&grant.0);
        context.update(secret.0.as_slice());
        let mut tag = [0; TAG_LEN];
        tag.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }

    /// The token of this grant with this secret.
    pub(super) fn token(&self, grant: GrantId, secret: &Secret) -> RefreshToken {
        let mut tail = Zeroizing::new(Vec::with_capacity(SECRET_LEN + TAG_LEN));
        tail.extend_from_slice(secret.0.as_slice());
        tail.extend_from_slice(&self.tag(grant, secret));
        let (grant, tail) = (BASE64_URL_SAFE_NO_PAD.encode(grant.0), BASE64_URL_SAFE_NO_PAD.encode(tail.as_slice()));
        RefreshToken(Zeroizing::new(format!("{VERSION}.{grant}.{tail}")))
    }

    /// Takes a token apart that this realm made, at some time; `None` for any other text.
    pub(super) fn parse(&self, text: &str) -> Option<(GrantId, Secret)> {
        if text.len() != TEXT_LEN {
            return None;
        }
        let mut parts = text.split('.');
        let (Some(VERSION), Some(grant), Some(tail), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let grant = GrantId(BASE64_URL_SAFE_NO_PAD.decode(grant).ok()?.try_into().ok()?);
        let tail = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(tail).ok()?);
        let (secret, tag) = tail.split_first_chunk::<SECRET_LEN>()?;
        let secret = Secret::from_random(secret);
        bool::from(self.tag(grant, &secret).ct_eq(tag)).then_some((grant, secret))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::RealmId;
    use crate::testing::{World, new_realm, vo};

    fn key() -> TagKey {
        World::new().store.look(|view| TagKey::load(view, &vo())).unwrap()
    }

    #[test]
    fn text_form_is_stable() {
        let token = key().token(GrantId([1; 16]), &Secret::from_random(&[2; 32]));
        assert_eq!(token.reveal().len(), TEXT_LEN);
        assert!(token.reveal().starts_with("wr1.AQEBAQEBAQEBAQEBAQEBAQ.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"));
        assert!(is_refresh_token(token.reveal()) && !is_refresh_token("wr10.x") && !is_refresh_token("eyJ"));
        assert_eq!(format!("{token:?}"), "RefreshToken");
    }

    #[test]
    fn no_realm_takes_anothers_token() {
        let other = World::with(&new_realm("other"));
        let id = RealmId::parse("other").unwrap();
        let other = other.store.look(|view| TagKey::load(view, &id)).unwrap();
        let token = key().token(GrantId([1; 16]), &Secret::from_random(&[2; 32]));
        assert!(key().parse(token.reveal()).is_some());
        assert!(other.parse(token.reveal()).is_none());
    }

    #[test]
    fn a_successor_depends_on_token_and_seed() {
        let (a, b) = (Secret::from_random(&[1; 32]), Secret::from_random(&[2; 32]));
        assert_eq!(a.successor(&[3; 32]).hash(), a.successor(&[3; 32]).hash());
        assert_ne!(a.successor(&[3; 32]).hash(), a.successor(&[4; 32]).hash());
        assert_ne!(a.successor(&[3; 32]).hash(), b.successor(&[3; 32]).hash());
    }

    proptest! {
        #[test]
        fn a_changed_token_is_none(at: prop::sample::Index, with in "[A-Za-z0-9_.-]") {
            let key = key();
            let text = key.token(GrantId([1; 16]), &Secret::from_random(&[2; 32])).reveal().to_owned();
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(key.parse(&changed).is_some(), changed == text);
            prop_assert!(key.parse(&text[..at]).is_none());
        }

        #[test]
        fn any_text_is_a_token_or_none(text in ".{0,120}") {
            prop_assert!(key().parse(&text).is_none());
        }
    }
}
