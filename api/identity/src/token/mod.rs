//! Access tokens: signed JWTs that are never stored.
//!
//! The way of a token: [`decide`] whether it may be issued, [`issue`] its claims, sign them; later [`verify`] its
//! signature and ask whether it is [`live`]. [`explain`] tells why a decision falls as it does.

mod claims;
mod decide;
mod ended_grant;
mod explain;
mod groups;
mod id_token;
mod introspect;
mod issue;
pub mod jti;
mod judge;
mod live;
mod person;
mod present;
mod profile;
mod revoke;
pub mod revoked;
mod userinfo;

#[cfg(test)]
mod explain_test;
#[cfg(test)]
mod forged_test;
#[cfg(test)]
pub(crate) mod scene;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod user_test;

pub use claims::{AccessClaims, OneOrMany, VerifiedToken, verify};
pub use decide::{Ask, InvalidExpiresIn, IssueRefused, Permit, Subject, UserSubject, decide, parse_expires_in};
pub(crate) use ended_grant::end_tokens;
pub use ended_grant::{EndedGrant, EndedGrants};
pub use explain::{Explanation, Preview, ScopeExplained, explain, preview};
pub use id_token::{IdTokenAsk, IdTokenClaims, IdTokenError, id_token, id_token_alg, verify_id_token};
pub use introspect::{InactiveBecause, IntrospectRefused, Introspection, introspect};
pub use issue::{PreparedToken, issue};
pub use jti::{GrantId, Jti};
pub use judge::{DroppedBecause, GivenBecause, Verdict};
pub use live::{ConsentNotBefore, Inactive, Live, live};
pub use present::present_scopes;
pub use profile::{Profile, WLCG_ANY_AUDIENCE};
pub use revoke::{Revocation, end_all, revoke};
pub use userinfo::{UserinfoRefused, userinfo};
