//! Userinfo (OpenID Connect Core §5.3): what a client may know of the person its token is about, as of now.

use raft_store_core::{Abort, Read, Stored};
use serde_json::{Map, Value};

use super::claims::VerifiedToken;
use super::groups::still_in;
use super::judge::{OPENID, still_given};
use super::live::{Inactive, live};
use super::person::{Person, WLCG_GROUPS};
use super::profile::Profile;
use crate::realm::Realms;

/// Why nothing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserinfoRefused {
    /// The token does not count.
    #[error(transparent)]
    Inactive(#[from] Inactive),
    /// The token is about a client.
    #[error("the token is not about a user")]
    NoUser,
    /// The token has not the scope `openid`.
    #[error("the token has not the scope openid")]
    NoOpenId,
}

/// The claims that the token's scopes tell, as far as today's policies leave them. Groups of a WLCG token are the
/// token's own, in its order, less those that the person is not in any more. `read` must be linearizable.
///
/// # Errors
/// Inner: see [`UserinfoRefused`]. Outer: when storage fails.
pub fn userinfo(
    read: &impl Read,
    realm: &Stored<Realms>,
    token: &VerifiedToken,
) -> Result<Result<Map<String, Value>, UserinfoRefused>, Abort> {
    let behind = match live(read, &realm.key, token)? {
        Ok(behind) => behind,
        Err(inactive) => return Ok(Err(inactive.into())),
    };
    let Some(user) = behind.user else { return Ok(Err(UserinfoRefused::NoUser)) };
    let person = Person::of(read, realm, user)?;
    let scopes = still_given(read, realm, &behind.client, &person, &token.claims.scopes())?;
    if !scopes.has(OPENID) {
        return Ok(Err(UserinfoRefused::NoOpenId));
    }
    let mut out = Map::new();
    out.insert("sub".into(), token.claims.sub.clone().into());
    out.extend(person.whole(&scopes, Profile::of_token(&token.claims)));
    let groups = still_in(&token.claims.names(WLCG_GROUPS), person.groups());
    if !groups.is_empty() {
        out.insert(WLCG_GROUPS.into(), groups.into());
    }
    Ok(Ok(out))
}
