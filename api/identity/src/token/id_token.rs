//! ID tokens (OpenID Connect Core §2): who signed in, told to the client. They open nothing.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read, Stored, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::distinct;
use super::decide::Permit;
use super::profile::{Profile, WLCG_VERSION};
use crate::ids::{ClientId, UserId};
use crate::keys::{KeyCache, SignError, Signer, SigningAlg, TokenFault, kid_of};
use crate::realm::Realms;

/// Longest ID token, in bytes. It travels in a response's body and tells a person's groups whether they are asked for
/// or not, so that more than an access token's limit must do: people in hundreds of groups sign in too. As a hint one
/// of more than [`crate::keys::MAX_TOKEN_BYTES`] is not looked at.
const MAX_ID_TOKEN_BYTES: usize = 64 * 1024;
/// What only an access token has: with one of them it is no ID token.
const ACCESS_TOKEN_CLAIMS: [&str; 2] = ["client_id", "scope"];

/// What an ID token says beside what was permitted.
#[derive(Clone, Copy)]
pub struct IdTokenAsk<'a> {
    /// The request's `nonce`, byte for byte.
    pub nonce: Option<&'a str>,
    /// Whether the request asked when the person signed in; a client may be set to be told always.
    pub auth_time: bool,
    /// The access token that is given with it, signed.
    pub access_token: &'a str,
}

/// Why there is no ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// The permit is not about a person, or without `openid`: see [`Permit::has_id_token`].
    #[error("no ID token was permitted")]
    NotPermitted,
    /// With so many claims it would be too large to be used.
    #[error("the ID token would be too large: ask for fewer scopes")]
    TooLarge,
    /// The machine's cryptography failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Claims of an ID token, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(rename = "wlcg.ver", skip_serializing_if = "Option::is_none")]
    wlcg_ver: Option<&'static str>,
    sub: String,
    aud: &'a str,
    kid: &'a str,
    iss: &'a str,
    exp: u64,
    iat: u64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'static str>,
    #[serde(flatten)]
    personal: Map<String, Value>,
}

/// The algorithm that signs a realm's ID tokens: that of its access tokens.
///
/// # Errors
/// When the record holds a value this version does not know.
pub fn id_token_alg(realm: &Stored<Realms>) -> Result<SigningAlg, Abort> {
    realm.row.access_token_alg()
}

/// Makes and signs the ID token that belongs to a permit. `random` is fresh.
///
/// # Errors
/// See [`IdTokenError`].
pub fn id_token(
    permit: &Permit,
    ask: &IdTokenAsk<'_>,
    signer: &Signer,
    random: [u8; 16],
) -> Result<String, IdTokenError> {
    let signed_in = permit.signed_in.as_ref().filter(|_| permit.has_id_token()).ok_or(IdTokenError::NotPermitted)?;
    let subject = &signed_in.subject;
    let iat = permit.now.seconds();
    let wlcg = permit.profile == Profile::Wlcg;
    let mut personal = signed_in.person.brief(&permit.scopes, permit.profile);
    permit.put_wlcg_groups(&mut personal);
    let claims = Claims {
        wlcg_ver: wlcg.then_some(WLCG_VERSION),
        sub: permit.sub(),
        aud: permit.client.as_str(),
        kid: signer.kid().as_str(),
        iss: &permit.issuer,
        exp: iat.saturating_add(u64::from(permit.id_lifetime)),
        iat,
        // Not the form of an access token's id.
        jti: BASE64_URL_SAFE_NO_PAD.encode(random),
        auth_time: (ask.auth_time || permit.require_auth_time).then(|| Timestamp(subject.auth_time_ms).seconds()),
        nonce: ask.nonce,
        at_hash: left_half(ask.access_token),
        amr: subject.amr.iter().map(|amr| amr.name()).collect(),
        personal,
    };
    // Claims hold strings, numbers and objects of these, so writing them cannot fail.
    let claims = serde_json::to_vec(&claims).map_err(|_| IdTokenError::TooLarge)?;
    if signer.jwt_len(claims.len()) > MAX_ID_TOKEN_BYTES {
        return Err(IdTokenError::TooLarge);
    }
    Ok(signer.sign_jwt(&claims)?)
}

/// `at_hash` (§3.1.3.6): both of our algorithms hash with SHA-256.
fn left_half(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    let half = hash.as_ref().split_at(hash.as_ref().len() / 2).0;
    BASE64_URL_SAFE_NO_PAD.encode(half)
}

/// What an ID token of ours says, presented as a hint. It may have ended: a hint is good for no more than to tell whom
/// it is about (OpenID Connect RP-Initiated Logout §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// About whom.
    pub user: UserId,
    /// For which client.
    pub client: ClientId,
    /// When it was issued, s since the epoch.
    pub iat: u64,
    /// When it ended, s since the epoch.
    pub exp: u64,
}

#[derive(Deserialize)]
struct Presented {
    sub: String,
    aud: String,
    kid: String,
    iat: u64,
    exp: u64,
    #[serde(flatten, deserialize_with = "distinct")]
    rest: Map<String, Value>,
}

/// Verifies an ID token of this realm: signature, issuer and form. An access token is none.
///
/// # Errors
/// Inner: see [`TokenFault`]. Outer: when storage fails.
pub fn verify_id_token(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    token: &str,
) -> Result<Result<IdTokenClaims, TokenFault>, Abort> {
    let kid = match kid_of(token) {
        Ok(kid) => kid,
        Err(fault) => return Ok(Err(fault)),
    };
    let Ok(verifier) = keys.verifier(read, &realm.key, &kid)? else { return Ok(Err(TokenFault::UnknownKey)) };
    Ok(verifier.verify::<Presented>(token, &realm.row.issuer).and_then(|claims| {
        let foreign = ACCESS_TOKEN_CLAIMS.iter().any(|name| claims.rest.contains_key(*name));
        if foreign || claims.kid != kid.as_str() {
            return Err(TokenFault::Malformed);
        }
        Ok(IdTokenClaims {
            user: UserId::parse(&claims.sub).map_err(|_| TokenFault::Malformed)?,
            client: ClientId::parse(&claims.aud).map_err(|_| TokenFault::Malformed)?,
            iat: claims.iat,
            exp: claims.exp,
        })
    }))
}
