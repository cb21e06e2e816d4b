//! The claims of a token.

use raft_store_core::Revision;
use serde::Serialize;
use serde_json::{Map, Value};

use super::decide::{IssueRefused, Permit};
use super::groups;
use super::jti::Jti;
use super::person::WLCG_GROUPS;
use super::profile::{Profile, WLCG_ANY_AUDIENCE, WLCG_VERSION};
use crate::keys::{MAX_TOKEN_BYTES, SignError, Signer};
use crate::scope::ScopeList;

/// Claims of an access token, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(rename = "wlcg.ver", skip_serializing_if = "Option::is_none")]
    wlcg_ver: Option<&'static str>,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Aud<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    scope: String,
    iss: &'a str,
    exp: u64,
    iat: u64,
    jti: String,
    client_id: &'a str,
    /// What it tells of a person.
    #[serde(flatten)]
    personal: Map<String, Value>,
}

/// One value is a string, several are an array.
#[derive(Serialize)]
#[serde(untagged)]
enum Aud<'a> {
    One(&'a str),
    Many(&'a [String]),
}

/// A token to be signed.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedToken {
    /// Its id.
    pub jti: Jti,
    /// When it ends, s since the epoch.
    pub exp: u64,
    /// How long it lives, s: what the response says.
    pub expires_in: u32,
    /// Its scopes: what the response says.
    pub scopes: ScopeList,
    claims: Vec<u8>,
}

impl std::fmt::Debug for PreparedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedToken").field("jti", &self.jti).field("exp", &self.exp).finish_non_exhaustive()
    }
}

impl PreparedToken {
    /// The claims as they are signed, JSON.
    #[must_use]
    pub fn claims(&self) -> &[u8] {
        &self.claims
    }

    /// Signs it.
    ///
    /// # Errors
    /// When the machine's cryptography fails.
    pub fn sign(&self, signer: &Signer) -> Result<String, SignError> {
        signer.sign_jwt(&self.claims)
    }
}

/// Prepares the token that was permitted. `random` is fresh. `committed` is the revision of the commit that the token
/// is issued with, once it is known; a request that writes nothing has none.
///
/// Every access token of every profile carries `scope`, also an empty one.
///
/// # Errors
/// [`IssueRefused::TooLarge`] when, signed, it would be longer than this issuer's own endpoints accept.
pub fn issue(
    permit: &Permit,
    signer: &Signer,
    random: [u8; 16],
    committed: Option<Revision>,
) -> Result<PreparedToken, IssueRefused> {
    let iat = permit.now.seconds();
    let exp = iat.saturating_add(u64::from(permit.lifetime));
    let grant = permit.signed_in.as_ref().map(|signed_in| signed_in.subject.grant);
    let jti = Jti { revision: committed.unwrap_or(permit.revision), grant, random };
    let wlcg = permit.profile == Profile::Wlcg;
    let aud = match permit.audience.values() {
        [] if wlcg => Some(Aud::One(WLCG_ANY_AUDIENCE)),
        [] => None,
        [one] => Some(Aud::One(one)),
        many => Some(Aud::Many(many)),
    };
    let claims = Claims {
        wlcg_ver: wlcg.then_some(WLCG_VERSION),
        sub: permit.sub(),
        aud,
        nbf: permit.nbf_offset.map(|offset| iat.saturating_sub(u64::from(offset))),
        scope: permit.scopes.to_string(),
        iss: &permit.issuer,
        exp,
        iat,
        jti: jti.to_string(),
        client_id: permit.client.as_str(),
        personal: personal(permit),
    };
    // Claims hold strings and numbers alone, so writing them cannot fail; a failure would be refused all the same.
    let claims = serde_json::to_vec(&claims).map_err(|_| IssueRefused::TooLarge)?;
    if signer.jwt_len(claims.len()) > MAX_TOKEN_BYTES {
        return Err(IssueRefused::TooLarge);
    }
    Ok(PreparedToken { jti, exp, expires_in: permit.lifetime, scopes: permit.scopes.clone(), claims })
}

/// What an access token tells of its person: names and addresses only where the realm wants them; a WLCG token the
/// groups and attributes that it was asked for.
fn personal(permit: &Permit) -> Map<String, Value> {
    let Some(signed_in) = &permit.signed_in else { return Map::new() };
    let wlcg = permit.profile == Profile::Wlcg;
    let mut out = signed_in.person.brief(&permit.scopes, permit.profile);
    // INDIGO's WLCG access tokens carry attributes always, and never name the organisation.
    out.retain(|name, _| match name.as_str() {
        "attr" => wlcg || permit.authn_info,
        "organisation_name" => !wlcg && permit.authn_info,
        _ => permit.authn_info,
    });
    permit.put_wlcg_groups(&mut out);
    out
}

impl Permit {
    /// Whom the token is about.
    pub(super) fn sub(&self) -> String {
        let person = self.signed_in.as_ref().map(|signed_in| signed_in.subject.user.to_string());
        person.unwrap_or_else(|| self.client.to_string())
    }

    /// The groups that a WLCG token names; none where it was not asked for any, or there are none.
    pub(super) fn put_wlcg_groups(&self, out: &mut Map<String, Value>) {
        let Some(signed_in) = self.signed_in.as_ref().filter(|_| self.profile == Profile::Wlcg) else { return };
        let groups = groups::select(&self.scopes, signed_in.person.groups());
        if !groups.is_empty() {
            out.insert(WLCG_GROUPS.into(), groups.into());
        }
    }
}
