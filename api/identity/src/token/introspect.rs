//! Introspection (RFC 7662) as INDIGO IAM answers it.

use raft_store_core::{Abort, Read, Stored};
use serde_json::{Map, Value, json};

use super::claims::{VerifiedToken, verify};
use super::live::{Inactive, live};
use crate::client::AuthenticatedClient;
use crate::keys::{KeyCache, TokenFault};
use crate::realm::Realms;
use crate::scope::{Held, ScopeList};

/// Why a client gets no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectRefused {
    /// It has no leave to introspect.
    #[error("Client is not allowed to perform introspection")]
    NotAllowed,
}

/// Why an answer is `inactive`. For logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InactiveBecause {
    /// Not a token of this realm.
    #[error(transparent)]
    Fault(#[from] TokenFault),
    /// It does not count any more.
    #[error(transparent)]
    Dead(#[from] Inactive),
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
    let token = match verify(read, realm, keys, token)? {
        Ok(token) => token,
        Err(fault) => return Ok(Ok(Introspection::Inactive(fault.into()))),
    };
    let aud = token.claims.aud.as_ref().map_or(&[][..], |aud| aud.values());
    if caller.record().introspect_own_audience_only && !aud.iter().any(|aud| aud == caller.id().as_str()) {
        return Ok(Ok(Introspection::Inactive(InactiveBecause::Audience)));
    }
    Ok(Ok(match live(read, &realm.key, &token)? {
        Err(dead) => Introspection::Inactive(dead.into()),
        Ok(_) => Introspection::Active(fields(token, &caller.record().scopes()?)),
    }))
}

/// The answer's fields. Only scopes that the asking client could have itself are shown to it.
fn fields(token: VerifiedToken, callers: &ScopeList) -> Map<String, Value> {
    let claims = token.claims;
    let held = claims.scope.as_deref().map(ScopeList::parse).and_then(Result::ok).unwrap_or_default();
    let callers = Held::new(callers);
    let shown: ScopeList = held.iter().filter(|scope| callers.allow(scope)).cloned().collect();
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
    if let Some(aud) = claims.aud {
        out.insert("aud".into(), aud.values().into());
    }
    out.insert("iss".into(), claims.iss.into());
    out.insert("jti".into(), claims.jti.into());
    for (name, value) in claims.rest {
        out.entry(name).or_insert(value);
    }
    out
}
