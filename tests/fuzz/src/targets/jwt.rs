//! A token as anybody may present it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use woad_identity::token::{verify, verify_id_token};

use crate::Target;
use crate::world::{REFUSED, TOKENS, world};

/// See [`target`].
pub const TARGET: Target = Target {
    name: "jwt",
    run: target,
    seeds,
    words: &[".", "..", "=", "eyJhbGciOiJub25lIn0", "eyJraWQiOiJyc2ExIiwiYWxnIjoiSFMyNTYifQ", "eyJraWQiOiJlczEiLCJhbGciOiJSUzI1NiJ9", "AAAA", "-", "_", "+", "/"],
    rounds: 4000,
};

fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&TOKENS.lines().chain(REFUSED.lines()).collect::<Vec<_>>())
}

fn ours() -> &'static BTreeSet<&'static str> {
    static OURS: OnceLock<BTreeSet<&str>> = OnceLock::new();
    OURS.get_or_init(|| TOKENS.lines().collect())
}

/// Any text: refused, unless it is one of the tokens that the realm signed, byte for byte.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let world = world();
    let accepted = world.store.look(|view| verify(view, &world.realm, &world.keys, text)).unwrap().is_ok();
    assert_eq!(accepted, ours().contains(text), "a token is ours, or none");
    let id_token = world.store.look(|view| verify_id_token(view, &world.realm, &world.keys, text)).unwrap();
    assert!(id_token.is_err() || ours().contains(text), "an id token is ours, or none");
}
