//! The proof that a form was shown to the browser that posts it (CSRF).
//!
//! Bound to what only that browser has: the token of its session, or before sign-in that of a cookie made for this.

use std::time::Duration;

use raft_store_core::{Abort, Read};
use subtle::ConstantTimeEq;

use crate::continuation::{self, Kind};
use crate::ids::RealmId;
use crate::opaque::TokenHash;

/// How long a form may stay open: as long as a session by default.
pub const MAX_FORM_AGE: Duration = Duration::from_secs(12 * 3600);

/// A proof for a form that is shown to this browser.
///
/// # Errors
/// When storage fails, or this node is sealed.
pub fn token(read: &impl Read, realm: &RealmId, browser: &TokenHash) -> Result<String, Abort> {
    continuation::write(read, realm, Kind::Csrf, browser.as_bytes())
}

/// Whether a posted proof was made for this browser, within [`MAX_FORM_AGE`].
///
/// # Errors
/// When storage fails, or this node is sealed.
pub fn proves(read: &impl Read, realm: &RealmId, browser: &TokenHash, posted: &str) -> Result<bool, Abort> {
    let opened = continuation::open(read, realm, Kind::Csrf, posted, MAX_FORM_AGE)?;
    Ok(opened.is_some_and(|opened| opened.payload.ct_eq(browser.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, vo};

    #[test]
    fn a_proof_holds_for_its_own_browser_and_for_its_time() {
        let world = World::new();
        let (mine, yours) = (TokenHash::of(b"mine"), TokenHash::of(b"yours"));
        let proof = world.store.look(|view| token(view, &vo(), &mine)).unwrap();
        let holds = |browser| world.store.look(|view| proves(view, &vo(), browser, &proof)).unwrap();
        assert!(holds(&mine));
        assert!(!holds(&yours));
        world.pass(MAX_FORM_AGE.as_secs() + 1);
        assert!(!holds(&mine));
    }
}
