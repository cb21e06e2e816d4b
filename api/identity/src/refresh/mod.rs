//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14): one family a grant, of which one token is current.
//!
//! A refresh replaces the current token by its successor, which is derived from it and a stored seed: the store holds
//! hashes alone, and can still answer a confidential client that lost the answer with the same successor, for a few
//! seconds. Any other use of a replaced token ends the family. Clients may be set to keep their token instead; then
//! a refresh writes nothing.

mod begin;
mod look;
mod record;
mod redeem;
mod revoke;
mod token;

#[cfg(test)]
mod tests;

pub use look::{LiveRefresh, RefreshFault, look};
pub use record::{FamiliesByUser, FamiliesOfUser, RefreshFamilies, RefreshFamily};
pub use redeem::{PresentedRefresh, RefreshError, Refreshed, redeem};
pub use revoke::{RefreshRevocation, revoke};
pub use token::{RefreshToken, is_refresh_token};

pub(crate) use begin::begin;
pub(crate) use record::purge;

/// How long after its replacement a confidential client's token still answers with the same successor, in ms: as long
/// as a client waits before it tries again at another replica.
pub const GRACE_MS: u64 = 10_000;
/// Families of one person with one client: a client on every machine of a small farm. The oldest goes for a new one.
pub const MAX_FAMILIES_PER_CLIENT: usize = 100;
/// Families of one person: bounds what is read when one is begun. The oldest goes for a new one.
pub const MAX_FAMILIES: usize = 1_000;
