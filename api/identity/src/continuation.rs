//! What travels with a browser and comes back unchanged: a payload and its time under an HMAC of the realm.
//!
//! Readable by whoever holds it, so a payload is never a secret. Nothing is written for it: an anonymous caller can
//! make as many as it likes.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read};

use crate::ids::RealmId;
use crate::realm::secrets::client_secret_key;

/// Separates this use of the realm's key from any other.
const PURPOSE: &[u8] = b"woad continuation v1";
/// Bytes of HMAC-SHA-256.
const TAG_LEN: usize = 32;
/// Bytes of the time.
const TIME_LEN: usize = 8;
/// Longest text that is looked at: a URI holds no more.
pub const MAX_CONTINUATION: usize = 8 * 1024;

/// What a continuation is for. One of a kind can't stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authorization request on its way over login and consent.
    Authorization,
    /// A request to log out on its way over the confirmation.
    Logout,
    /// The proof that a form was shown to this browser.
    Csrf,
    /// A browser somebody has signed in with.
    Device,
}

impl Kind {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Authorization => b"authorization",
            Self::Logout => b"logout",
            Self::Csrf => b"csrf",
            Self::Device => b"device",
        }
    }
}

/// A continuation that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What was written.
    pub payload: Vec<u8>,
    /// When, cluster time in ms.
    pub issued_ms: u64,
}

fn key(read: &impl Read, realm: &RealmId, kind: Kind) -> Result<hmac::Key, Abort> {
    let root = hmac::Key::new(hmac::HMAC_SHA256, &client_secret_key(read, realm)?);
    let mut context = hmac::Context::with_key(&root);
    // No part but the last holds a zero byte, so that no two kinds of two realms share a key.
    for part in [PURPOSE, realm.as_str().as_bytes(), kind.name()] {
        context.update(part);
        context.update(&[0]);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, context.sign().as_ref()))
}

/// Writes a payload, dated with the view's time. The text is URL-safe.
///
/// # Errors
/// When storage fails, or this node is sealed.
pub fn write(read: &impl Read, realm: &RealmId, kind: Kind, payload: &[u8]) -> Result<String, Abort> {
    let mut out = payload.to_vec();
    out.extend_from_slice(&read.now().0.to_be_bytes());
    let tag = hmac::sign(&key(read, realm, kind)?, &out);
    out.extend_from_slice(tag.as_ref());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(out))
}

/// Takes one in again: `None` when it is not one of this kind and realm, or older than `max_age`.
///
/// # Errors
/// When storage fails, or this node is sealed.
pub fn open(
    read: &impl Read,
    realm: &RealmId,
    kind: Kind,
    text: &str,
    max_age: Duration,
) -> Result<Option<Opened>, Abort> {
    if text.len() > MAX_CONTINUATION {
        return Ok(None);
    }
    let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(text) else { return Ok(None) };
    let Some((dated, presented)) = bytes.split_last_chunk::<TAG_LEN>() else { return Ok(None) };
    if hmac::verify(&key(read, realm, kind)?, dated, presented).is_err() {
        return Ok(None);
    }
    let Some((payload, issued)) = dated.split_last_chunk::<TIME_LEN>() else { return Ok(None) };
    let issued_ms = u64::from_be_bytes(*issued);
    // A replica that lags may see a time before the one it was written at: that is not old.
    let age = Duration::from_millis(read.now().0.saturating_sub(issued_ms));
    Ok((age <= max_age).then(|| Opened { payload: payload.to_vec(), issued_ms }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{World, new_realm, vo};

    const HOUR: Duration = Duration::from_secs(3600);

    fn wrote(world: &World, kind: Kind, payload: &[u8]) -> String {
        world.store.look(|view| write(view, &vo(), kind, payload)).unwrap()
    }

    fn opened(world: &World, kind: Kind, text: &str) -> Option<Vec<u8>> {
        let opened = world.store.look(|view| open(view, &vo(), kind, text, HOUR)).unwrap();
        opened.map(|opened| opened.payload)
    }

    #[test]
    fn what_was_written_comes_back_until_it_is_too_old() {
        let world = World::new();
        let text = wrote(&world, Kind::Authorization, b"request");
        assert_eq!(opened(&world, Kind::Authorization, &text), Some(b"request".to_vec()));
        world.pass(3600);
        assert_eq!(opened(&world, Kind::Authorization, &text), Some(b"request".to_vec()));
        world.pass(1);
        assert_eq!(opened(&world, Kind::Authorization, &text), None);
    }

    #[test]
    fn no_kind_and_no_realm_stands_in_for_another() {
        let (world, other) = (World::new(), World::with(&new_realm("other")));
        let text = wrote(&world, Kind::Csrf, b"x");
        for kind in [Kind::Authorization, Kind::Logout, Kind::Device] {
            assert_eq!(opened(&world, kind, &text), None, "{kind:?}");
        }
        // Both realms of these tests have the same root key.
        let id = RealmId::parse("other").unwrap();
        assert_eq!(other.store.look(|view| open(view, &id, Kind::Csrf, &text, HOUR)).unwrap(), None);
    }

    proptest! {
        #[test]
        fn a_changed_text_is_nothing(at: prop::sample::Index, with in "[A-Za-z0-9_-]") {
            let world = World::new();
            let text = wrote(&world, Kind::Csrf, b"payload");
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(opened(&world, Kind::Csrf, &changed).is_some(), changed == text);
        }

        #[test]
        fn any_text_is_opened_or_nothing(text in ".{0,200}") {
            prop_assert_eq!(opened(&World::new(), Kind::Csrf, &text), None);
        }
    }
}
