//! Introspection (RFC 7662) as INDIGO IAM answers it.

use raft_store_core::{Abort, Read, Stored, Timestamp};
use serde_json::{Map, Value, json};

use super::claims::{AccessClaims, VerifiedToken, verify};
use super::groups::still_in;
use super::judge::{still_given, still_held};
use super::live::{Inactive, Live, live};
use super::person::{PERSONAL, Person, WLCG_GROUPS};
use super::profile::Profile;
use crate::client::AuthenticatedClient;
use crate::keys::{KeyCache, TokenFault};
use crate::realm::Realms;
use crate::refresh::{self, LiveRefresh, RefreshFault};
use crate::scope::{Held, ScopeList};

/// Why a client gets no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectRefused {
    /// It has no leave to introspect.
    #[error("Client is not allowed to perform introspection")]
    NotAllowed,
}

/// Why an answer is `inactive`. For logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InactiveBecause {
    /// Not a token of this realm.
    #[error(transparent)]
    Fault(#[from] TokenFault),
    /// It does not count any more.
    #[error(transparent)]
    Dead(#[from] Inactive),
    /// A refresh token that does not count any more, or never did.
    #[error(transparent)]
    Refresh(#[from] RefreshFault),
    /// It is for others than the asking client, which sees only its own.
    #[error("token of another audience")]
    Audience,
}

/// What is said of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Nothing but that.
    Inactive(InactiveBecause),
    /// All there is.
    Active(Map<String, Value>),
}

impl Introspection {
    /// The response's body.
    #[must_use]
    pub fn into_json(self) -> Value {
        match self {
            Self::Inactive(_) => json!({"active": false}),
            Self::Active(fields) => Value::Object(fields),
        }
    }
}

/// Answers what a token is worth. `read` must be linearizable.
///
/// # Errors
/// Inner: see [`IntrospectRefused`]. Outer: when storage fails.
pub fn introspect(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    caller: &AuthenticatedClient,
    token: &str,
) -> Result<Result<Introspection, IntrospectRefused>, Abort> {
    if !caller.record().allow_introspection {
        return Ok(Err(IntrospectRefused::NotAllowed));
    }
    let said = if refresh::is_refresh_token(token) {
        of_refresh_token(read, realm, caller, token)?
    } else {
        of_access_token(read, realm, keys, caller, token)?
    };
    Ok(Ok(said))
}

fn of_access_token(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    caller: &AuthenticatedClient,
    token: &str,
) -> Result<Introspection, Abort> {
    let token = match verify(read, realm, keys, token)? {
        Ok(token) => token,
        Err(fault) => return Ok(Introspection::Inactive(fault.into())),
    };
    let aud = token.claims.aud.as_ref().map_or(&[][..], |aud| aud.values());
    if caller.record().introspect_own_audience_only && !aud.iter().any(|aud| aud == caller.id().as_str()) {
        return Ok(Introspection::Inactive(InactiveBecause::Audience));
    }
    let Live { client, user } = match live(read, &realm.key, &token)? {
        Ok(live) => live,
        Err(dead) => return Ok(Introspection::Inactive(dead.into())),
    };
    let (scopes, person) = match user {
        None => (still_held(&client, &token.claims.scopes())?, None),
        Some(user) => {
            let person = Person::of(read, realm, user)?;
            (still_given(read, realm, &client, &person, &token.claims.scopes())?, Some(person))
        }
    };
    let callers = caller.record().scopes()?;
    Ok(Introspection::Active(fields(token, &shown(&scopes, &callers), &scopes, person.as_ref())))
}

/// A refresh token is its client's own affair: who is held to tokens for itself sees no other client's.
fn of_refresh_token(
    read: &impl Read,
    realm: &Stored<Realms>,
    caller: &AuthenticatedClient,
    token: &str,
) -> Result<Introspection, Abort> {
    let LiveRefresh { family, grant } = match refresh::look(read, &realm.key, token)? {
        Ok(live) => live,
        Err(fault) => return Ok(Introspection::Inactive(fault.into())),
    };
    if !grant.client.row.active {
        return Ok(Introspection::Inactive(Inactive::ClientSuspended.into()));
    }
    if caller.record().introspect_own_audience_only && grant.client.key.1 != *caller.id() {
        return Ok(Introspection::Inactive(InactiveBecause::Audience));
    }
    let person = Person::of(read, realm, grant.user)?;
    let scopes = still_given(read, realm, &grant.client, &person, &family.row.grant()?.scopes()?)?;
    let scopes = shown(&scopes, &caller.record().scopes()?);
    let mut out = Map::new();
    out.insert("active".into(), true.into());
    if !scopes.is_empty() {
        out.insert("scope".into(), scopes.to_string().into());
    }
    out.insert("client_id".into(), grant.client.key.1.as_str().into());
    out.insert("exp".into(), Timestamp(family.row.expires_ms).seconds().into());
    out.insert("iat".into(), Timestamp(family.row.created_ms).seconds().into());
    out.insert("sub".into(), person.id().to_string().into());
    out.insert("username".into(), person.row().user_name.as_str().into());
    out.insert("iss".into(), realm.row.issuer.as_str().into());
    Ok(Introspection::Active(out))
}

/// Only scopes that the asking client could have itself are shown to it.
fn shown(scopes: &ScopeList, callers: &ScopeList) -> ScopeList {
    let callers = Held::new(callers);
    scopes.iter().filter(|scope| callers.allow(scope)).cloned().collect()
}

/// The answer's fields for an access token.
fn fields(token: VerifiedToken, shown: &ScopeList, scopes: &ScopeList, person: Option<&Person>) -> Map<String, Value> {
    let mut personal = person.map_or_else(Map::new, |person| told(&token.claims, scopes, person));
    let claims = token.claims;
    let mut out = Map::new();
    out.insert("active".into(), true.into());
    if !shown.is_empty() {
        out.insert("scope".into(), shown.to_string().into());
    }
    out.insert("client_id".into(), claims.client_id.into());
    out.insert("token_type".into(), "Bearer".into());
    out.insert("exp".into(), claims.exp.into());
    out.insert("iat".into(), claims.iat.into());
    if let Some(nbf) = claims.nbf {
        out.insert("nbf".into(), nbf.into());
    }
    out.insert("sub".into(), claims.sub.into());
    if let Some(person) = person {
        out.insert("username".into(), person.row().user_name.as_str().into());
    }
    if let Some(aud) = claims.aud {
        out.insert("aud".into(), aud.values().into());
    }
    out.insert("iss".into(), claims.iss.into());
    out.insert("jti".into(), claims.jti.into());
    out.append(&mut personal);
    for (name, value) in claims.rest {
        if !PERSONAL.contains(&name.as_str()) {
            out.entry(name).or_insert(value);
        }
    }
    out
}

/// What is told of the person: with an `iam` token what its scopes tell, with others what the token itself tells; each
/// as it is now.
fn told(claims: &AccessClaims, scopes: &ScopeList, person: &Person) -> Map<String, Value> {
    let profile = Profile::of_token(claims);
    let mut out = person.brief(scopes, profile);
    out.retain(|name, _| claims.rest.contains_key(name) || (profile == Profile::Iam && name != "attr"));
    for claim in ["groups", WLCG_GROUPS] {
        if claims.rest.contains_key(claim) {
            out.remove(claim);
            let groups = still_in(&claims.names(claim), person.groups());
            if !groups.is_empty() {
                out.insert(claim.into(), groups.into());
            }
        }
    }
    out
}
