//! The claims of a token.

use serde::Serialize;

use super::decide::{IssueRefused, Permit, Subject};
use super::jti::Jti;
use super::profile::{Profile, WLCG_ANY_AUDIENCE, WLCG_VERSION};
use crate::keys::{MAX_TOKEN_BYTES, SignError, Signer};
use crate::scope::ScopeList;

/// Claims of an access token, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(rename = "wlcg.ver", skip_serializing_if = "Option::is_none")]
    wlcg_ver: Option<&'static str>,
    sub: &'a str,
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

/// Prepares the token that was permitted. `random` is fresh.
///
/// Every access token of every profile carries `scope`, also an empty one.
///
/// # Errors
/// [`IssueRefused::TooLarge`] when, signed, it would be longer than this issuer's own endpoints accept.
pub fn issue(permit: &Permit, signer: &Signer, random: [u8; 16]) -> Result<PreparedToken, IssueRefused> {
    let iat = permit.now.seconds();
    let exp = iat.saturating_add(u64::from(permit.lifetime));
    let jti = Jti { revision: permit.revision, grant: permit.grant, random };
    let wlcg = permit.profile == Profile::Wlcg;
    let aud = match permit.audience.values() {
        [] if wlcg => Some(Aud::One(WLCG_ANY_AUDIENCE)),
        [] => None,
        [one] => Some(Aud::One(one)),
        many => Some(Aud::Many(many)),
    };
    let claims = Claims {
        wlcg_ver: wlcg.then_some(WLCG_VERSION),
        sub: match permit.subject {
            Subject::Client => permit.client.as_str(),
        },
        aud,
        nbf: permit.nbf_offset.map(|offset| iat.saturating_sub(u64::from(offset))),
        scope: permit.scopes.to_string(),
        iss: &permit.issuer,
        exp,
        iat,
        jti: jti.to_string(),
        client_id: permit.client.as_str(),
    };
    // Claims hold strings and numbers alone, so writing them cannot fail; a failure would be refused all the same.
    let claims = serde_json::to_vec(&claims).map_err(|_| IssueRefused::TooLarge)?;
    if signer.jwt_len(claims.len()) > MAX_TOKEN_BYTES {
        return Err(IssueRefused::TooLarge);
    }
    Ok(PreparedToken { jti, exp, expires_in: permit.lifetime, scopes: permit.scopes.clone(), claims })
}
