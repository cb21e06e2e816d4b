//! What a token issued earlier still allows.

use raft_store_core::{Abort, Read, Stored};
use serde_json::Value;

use super::claims::{AccessClaims, VerifiedToken};
use super::judge::{still_given, still_held};
use super::live::Live;
use super::person::Person;
use super::profile::{Profile, WLCG_VERSION_CLAIM};
use crate::realm::Realms;
use crate::scope::ScopeList;

impl AccessClaims {
    /// The scopes as they were issued. What is no list of scopes allows nothing.
    pub(super) fn scopes(&self) -> ScopeList {
        self.scope.as_deref().map(ScopeList::parse).and_then(Result::ok).unwrap_or_default()
    }

    /// The strings of a claim that is an array of them; none when it is anything else.
    pub(super) fn names(&self, claim: &str) -> Vec<String> {
        let values = self.rest.get(claim).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

impl Profile {
    /// The profile that a token was issued with.
    pub(super) fn of_token(claims: &AccessClaims) -> Self {
        if claims.rest.contains_key(WLCG_VERSION_CLAIM) { Self::Wlcg } else { Self::Iam }
    }
}

/// The scopes that a live token allows now: those that its client still holds, and about a person those that the
/// policies of today still give; a former administrator's token has no power over the realm. In the token's order.
///
/// # Errors
/// When storage fails.
pub fn present_scopes(
    read: &impl Read,
    realm: &Stored<Realms>,
    live: &Live,
    token: &VerifiedToken,
) -> Result<ScopeList, Abort> {
    let scopes = token.claims.scopes();
    match &live.user {
        None => still_held(&live.client, &scopes),
        Some(user) => still_given(read, realm, &live.client, &Person::of(read, realm, user.clone())?, &scopes),
    }
}
