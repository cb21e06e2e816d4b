//! A join token as an operator types it.

use raft_store::trust::join_token::{JoinToken, MAX_ADDRESSES, TokenId};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "join_token",
    run: target,
    seeds: || crate::texts(&["woad1.00112233445566ff.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.MTAuMC4wLjE6NzAwMCxub2RlLTIuZXhhbXBsZS5vcmc6NzAwMA"]),
    words: &["woad1.", ".", "00112233445566ff", "MTAuMC4wLjE6NzAwMA", "=", "LA"],
    rounds: 20_000,
};

/// Any text. A token that is understood is understood equally after it was written again.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(id) = text.parse::<TokenId>() {
        assert_eq!(id.to_string(), text);
    }
    let Ok(token) = text.parse::<JoinToken>() else { return };
    assert!((1..=MAX_ADDRESSES).contains(&token.addresses.len()), "a token leads somewhere");
    let again: JoinToken = token.to_text().parse().expect("a token is its own text");
    assert_eq!((again.id, again.pin, &again.addresses), (token.id, token.pin, &token.addresses));
    assert_eq!(again.secret.expose(), token.secret.expose());
}
