//! Ids that travel in tokens and addresses: one text each.

use woad_identity::token::Jti;
use woad_identity::{ClientId, GroupId, Kid, RealmId, UserId};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "jti",
    run: target,
    seeds: || crate::texts(&["w1.2a.0.AAAAAAAAAAAAAAAAAAAAAA", "w1.ffffffffffffffff.AQEBAQEBAQEBAQEBAQEBAQ.AgICAgICAgICAgICAgICAg", "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a", "vo-1.test"]),
    words: &["w1.", ".0.", "+2a", "00", "AAAAAAAAAAAAAAAAAAAAAB", "{", "urn:uuid:"],
    rounds: 20_000,
};

/// Any text: an id that is understood is written as it came.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(jti) = Jti::parse(text) {
        assert_eq!(jti.to_string(), text);
    }
    if let Ok(id) = UserId::parse(text) {
        assert_eq!(id.to_string().to_ascii_lowercase(), text.to_ascii_lowercase());
    }
    let _ = GroupId::parse(text);
    for kept in [ClientId::parse(text).map(|id| id.to_string()), Kid::parse(text).map(|id| id.to_string()), RealmId::parse(text).map(|id| id.to_string())] {
        assert!(kept.is_err() || kept.as_deref() == Ok(text), "an id is kept as it is");
    }
}
