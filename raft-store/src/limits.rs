//! Limits of the peer port, with their reasons.

use std::time::Duration;

use woad_admission::{Caps, ThrottleLimits};

/// A handshake takes no longer, or its connection is closed.
pub const HANDSHAKE: Duration = Duration::from_secs(3);
/// Connections of members, and such in handshake. Members hold a handful each.
pub const MEMBERS: Caps = Caps { total: 512, per_source: 64, fresh: 64 };
/// Connections without a certificate. They cost nothing to open, and may do one thing: join.
pub const STRANGERS: Caps = Caps { total: 16, per_source: 4, fresh: 16 };
/// Bytes of what a stranger may send: a certificate request and a token.
pub const STRANGER_BYTES: usize = 64 * 1024;
/// Joins that failed, of one source: a token cannot be guessed, but looking costs.
pub const FAILED_JOINS: ThrottleLimits = ThrottleLimits { burst: 20, per_minute: 120 };
/// Joins that are looked at at once; others are told to ask another member.
pub const JOINS: usize = 16;
