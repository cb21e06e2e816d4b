//! Access tokens: signed JWTs that are never stored.
//!
//! The way of a token: [`decide`] whether it may be issued, [`issue`] its claims, sign them; later [`verify`] its
//! signature and ask whether it is [`live`].

mod claims;
mod decide;
mod introspect;
mod issue;
pub mod jti;
mod live;
mod profile;
mod revoke;
pub mod revoked;

#[cfg(test)]
mod forged_test;
#[cfg(test)]
mod tests;

pub use claims::{AccessClaims, OneOrMany, VerifiedToken, verify};
pub use decide::{Ask, InvalidExpiresIn, IssueRefused, Permit, Subject, decide, parse_expires_in};
pub use introspect::{InactiveBecause, IntrospectRefused, Introspection, introspect};
pub use issue::{PreparedToken, issue};
pub use jti::{GrantId, Jti};
pub use live::{GrantNotBefore, Inactive, live};
pub use profile::{Profile, WLCG_ANY_AUDIENCE};
pub use revoke::{Revocation, end_all, revoke};
