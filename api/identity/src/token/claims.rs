//! Taking a token in again.

use std::fmt;

use raft_store_core::{Abort, Read, Stored};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::jti::Jti;
use crate::ids::{ClientId, UserId};
use crate::keys::{KeyCache, TokenFault, kid_of};
use crate::realm::Realms;

/// A claim that is a string, or an array of strings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One value.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// An access token's claims. Times are whole seconds; anything else in their place is refused, and so are null and a
/// claim that stands twice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccessClaims {
    /// Issuer.
    pub iss: String,
    /// Subject.
    pub sub: String,
    /// Client it was issued to.
    pub client_id: String,
    /// When issued.
    pub iat: u64,
    /// When it ends.
    pub exp: u64,
    /// When it begins.
    #[serde(default, deserialize_with = "given")]
    pub nbf: Option<u64>,
    /// Its id.
    pub jti: String,
    /// For whom.
    #[serde(default, deserialize_with = "given")]
    pub aud: Option<OneOrMany>,
    /// What it allows.
    #[serde(default, deserialize_with = "given")]
    pub scope: Option<String>,
    /// All other claims.
    #[serde(flatten, deserialize_with = "distinct")]
    pub rest: Map<String, Value>,
}

/// A claim that is there holds a value: a check that skipped null could be skipped by whoever writes it.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Members, each with a name of its own: of two, readers would disagree which counts.
pub(super) fn distinct<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("claims")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut out = Map::new();
            while let Some((name, value)) = from.next_entry::<String, Value>()? {
                if out.insert(name, value).is_some() {
                    return Err(de::Error::custom("repeated claim"));
                }
            }
            Ok(out)
        }
    }
    from.deserialize_map(Members)
}

/// A token that this realm signed. Says nothing of whether it still counts: see [`super::live`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    /// Its claims.
    pub claims: AccessClaims,
    /// Its id, taken apart.
    pub jti: Jti,
    /// The client it was issued to.
    pub client: ClientId,
    /// The person it is about; `None`: the client itself.
    pub user: Option<UserId>,
}

/// Verifies a token's signature, algorithm, issuer and form. Reads the key's record, so that a retired key verifies
/// nothing.
///
/// # Errors
/// Inner: see [`TokenFault`]. Outer: when storage fails.
pub fn verify(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    token: &str,
) -> Result<Result<VerifiedToken, TokenFault>, Abort> {
    let kid = match kid_of(token) {
        Ok(kid) => kid,
        Err(fault) => return Ok(Err(fault)),
    };
    let Ok(verifier) = keys.verifier(read, &realm.key, &kid)? else { return Ok(Err(TokenFault::UnknownKey)) };
    Ok(verifier.verify::<AccessClaims>(token, &realm.row.issuer).and_then(|claims| {
        let jti = Jti::parse(&claims.jti).map_err(|_| TokenFault::Jti)?;
        let client = ClientId::parse(&claims.client_id).map_err(|_| TokenFault::Malformed)?;
        // No client has the id of a person.
        let user = if claims.sub == claims.client_id {
            None
        } else {
            Some(UserId::parse(&claims.sub).map_err(|_| TokenFault::Malformed)?)
        };
        Ok(VerifiedToken { claims, jti, client, user })
    }))
}
