//! The authorization code grant.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::record::{AuthorizationCode, Codes, USED_CODE_KEPT_MS};
use crate::audience::Audience;
use crate::authorize::pkce;
use crate::client::{AuthenticatedClient, GrantType};
use crate::event::{self, Actor};
use crate::grant::{self, Grant, GrantDead, LiveGrant, Wanted};
use crate::opaque::TokenHash;
use crate::realm::Realms;
use crate::refresh::{self, RefreshToken};
use crate::token::{GrantId, IssueRefused, Permit};
use crate::user::Users;
use crate::{Decided, refuse};

/// What a client presents.
#[derive(Clone, Copy)]
pub struct PresentedCode<'a> {
    /// The code, as sent.
    pub code: &'a str,
    /// The `redirect_uri`, if sent.
    pub redirect_uri: Option<&'a str>,
    /// The `code_verifier`, if sent.
    pub verifier: Option<&'a str>,
    /// Audiences asked for: a part of those granted; empty: all.
    pub audience: &'a Audience,
    /// The access token's life asked for, s; may only shorten.
    pub expires_in: Option<u32>,
    /// Fresh random bytes: the first refresh token's secret.
    pub secret: &'a [u8; 32],
}

impl std::fmt::Debug for PresentedCode<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedCode").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// Why nothing is issued. For logs: clients learn of [`RedeemError::Audience`] and of the decision, and that the code
/// is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// There is no such code, or no longer.
    #[error("code unknown")]
    Unknown,
    /// Another client's: nothing happened to it.
    #[error("code of another client")]
    OtherClient,
    /// Not the `redirect_uri` of the request.
    #[error("redirect_uri is not the request's")]
    RedirectUri,
    /// The verifier is missing, wrong, or of a request that had no challenge.
    #[error("code_verifier does not fit the request")]
    Verifier,
    /// It was used before: everything it gave has ended.
    #[error("code used again")]
    Reused,
    /// Its grant ended.
    #[error(transparent)]
    Dead(#[from] GrantDead),
    /// An audience that was not granted. INDIGO's text.
    #[error("The requested resource was not originally granted")]
    Audience,
    /// The decision.
    #[error(transparent)]
    Refused(#[from] IssueRefused),
}

/// What a code gives.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// Leave to issue the access token.
    pub permit: Permit,
    /// The first token of a refresh family, if the grant has one.
    pub refresh: Option<RefreshToken>,
    /// What the grant rests on.
    pub grant: Grant,
    /// Its id.
    pub grant_id: GrantId,
    /// The person.
    pub user: Stored<Users>,
    /// The request's `nonce`.
    pub nonce: Option<String>,
    /// Whether the request asked to be told when the person signed in.
    pub auth_time_asked: bool,
}

/// Redeems a code, once. The tokens are to be issued at the transaction's revision.
///
/// # Errors
/// Inner: see [`RedeemError`]; [`RedeemError::Reused`] is committed the first time, and has ended the grant. Outer:
/// when storage fails, or this node is sealed.
pub fn redeem(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    client: &AuthenticatedClient,
    presented: &PresentedCode<'_>,
    actor: &Actor,
) -> Decided<Redeemed, RedeemError> {
    let Some(hash) = TokenHash::of_presented(presented.code) else { return refuse(RedeemError::Unknown) };
    let Some(code) = tx.get::<Codes>(&(realm.key.clone(), hash))? else { return refuse(RedeemError::Unknown) };
    let (held, id) = (code.row.grant()?.clone(), code.row.grant_id()?);
    // Proofs first: who can't show them never had the use of the code, and must not be able to end anything with it.
    if let Err(error) = proven(&code.row, &held, client, presented) {
        return refuse(error);
    }
    if code.row.used_ms != 0 {
        return reused(tx, realm, code, &held, id, actor);
    }
    let LiveGrant { user, .. } = match grant::live(tx, &realm.key, &held)? {
        Ok(live) => live,
        Err(dead) => return refuse(dead.into()),
    };
    let Some(audience) = held.narrow(presented.audience) else { return refuse(RedeemError::Audience) };
    let scopes = held.scopes()?;
    let grant = GrantType::AuthorizationCode;
    let wanted = Wanted { grant, scopes: &scopes, audience: &audience, expires_in: presented.expires_in };
    let permit = match grant::permit(tx, realm, client, (id, &held), &wanted)? {
        Ok(permit) => permit,
        Err(refused) => return refuse(refused.into()),
    };
    let lasting = permit.scopes().has("offline_access") && client.record().may_use(GrantType::RefreshToken);
    let refresh = if lasting {
        Some(refresh::begin(tx, realm, client.record(), id, held.clone(), presented.secret)?)
    } else {
        None
    };
    let now = tx.now();
    let used = AuthorizationCode { used_ms: now.0, expires_ms: now.plus_ms(USED_CODE_KEPT_MS).0, ..code.row.clone() };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Codes>(code.key, used)?;
    let (nonce, auth_time_asked) = (code.row.nonce, code.row.auth_time_asked);
    Ok(Outcome::Commit(Ok(Redeemed { permit, refresh, grant: held, grant_id: id, user, nonce, auth_time_asked })))
}

fn proven(
    code: &AuthorizationCode,
    held: &Grant,
    client: &AuthenticatedClient,
    presented: &PresentedCode<'_>,
) -> Result<(), RedeemError> {
    if held.client_id != client.id().as_str() {
        return Err(RedeemError::OtherClient);
    }
    let same = presented.redirect_uri.map_or(!code.redirect_uri_sent, |sent| sent == code.redirect_uri);
    if !same {
        return Err(RedeemError::RedirectUri);
    }
    let fits = match (presented.verifier, code.code_challenge.as_str()) {
        (None, "") => true,
        (Some(verifier), challenge) if !challenge.is_empty() && pkce::is_well_formed(verifier) => {
            let digest = digest(&SHA256, verifier.as_bytes());
            BASE64_URL_SAFE_NO_PAD.encode(digest).as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(RedeemError::Verifier) }
}

/// Two have the code, and one of them stole it: what it gave ends.
fn reused(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    code: Stored<Codes>,
    held: &Grant,
    id: GrantId,
    actor: &Actor,
) -> Result<Outcome<Result<Redeemed, RedeemError>>, Abort> {
    if code.row.reused_ms != 0 {
        return refuse(RedeemError::Reused);
    }
    grant::end(tx, &realm.key, id)?;
    let row = AuthorizationCode { reused_ms: tx.now().0, ..code.row };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Codes>(code.key, row)?;
    let changes = json!({"client": held.client_id, "user": held.user()?.to_string()});
    event::record(tx, &realm.key, "code.reuse", &id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Err(RedeemError::Reused)))
}
