//! The refresh grant.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;

use super::look::{Found, Place, find, in_grace};
use super::record::{RefreshFamilies, RefreshFamily};
use super::token::{RefreshToken, SECRET_LEN, Secret};
use crate::audience::Audience;
use crate::client::{AuthMethod, AuthenticatedClient, GrantType};
use crate::event::{self, Actor};
use crate::grant::{self, Grant, GrantDead, LiveGrant, Wanted};
use crate::realm::Realms;
use crate::scope::{Held, Scope, ScopeList, canonical};
use crate::token::{self, GrantId, IssueRefused, Permit};
use crate::user::Users;
use crate::{Decided, refuse};

/// What a client presents.
#[derive(Clone, Copy)]
pub struct PresentedRefresh<'a> {
    /// The token, as sent.
    pub token: &'a str,
    /// Scopes asked for: a part of those granted; none: all.
    pub scopes: Option<&'a ScopeList>,
    /// Audiences asked for: a part of those granted; empty: all.
    pub audience: &'a Audience,
    /// The access token's life asked for, s; may only shorten.
    pub expires_in: Option<u32>,
    /// Fresh random bytes: the seed of the token's successor.
    pub seed: &'a [u8; SECRET_LEN],
}

impl std::fmt::Debug for PresentedRefresh<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedRefresh").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// Why nothing is issued. Clients learn of the scopes and the audience, and of a person who is not active.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// Not a token of this realm, or of a family that ended.
    #[error("refresh token unknown")]
    Unknown,
    /// Another client's: nothing happened to it.
    #[error("refresh token of another client")]
    OtherClient,
    /// It was replaced: its family has ended.
    #[error("refresh token used again")]
    Reused,
    /// Its grant ended.
    #[error(transparent)]
    Dead(#[from] GrantDead),
    /// A scope that was not granted.
    #[error("Scope '{0}' was not granted")]
    Scope(Scope),
    /// Nothing is left of the scopes granted.
    #[error("none of the scopes granted is allowed any more")]
    NoScope,
    /// An audience that was not granted. INDIGO's text.
    #[error("The requested resource was not originally granted")]
    Audience,
    /// The decision.
    #[error(transparent)]
    Refused(#[from] IssueRefused),
}

/// What a refresh gives.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// Leave to issue the access token.
    pub permit: Permit,
    /// The refresh token to use from now on.
    pub token: RefreshToken,
    /// What the grant rests on.
    pub grant: Grant,
    /// Its id.
    pub grant_id: GrantId,
    /// The person.
    pub user: Stored<Users>,
}

/// Redeems a refresh token. A confidential client that keeps its token writes nothing; any other's is replaced once the
/// transaction is committed. The access token is to be issued at the transaction's revision.
///
/// # Errors
/// Inner: see [`RefreshError`]; [`RefreshError::Reused`] is committed, and has ended the family. Outer: when storage
/// fails, or this node is sealed.
pub fn redeem(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    client: &AuthenticatedClient,
    presented: &PresentedRefresh<'_>,
    actor: &Actor,
) -> Decided<Refreshed, RefreshError> {
    let Some(found) = find(tx, &realm.key, presented.token)? else { return refuse(RefreshError::Unknown) };
    let held = found.family.row.grant()?.clone();
    if held.client_id != client.id().as_str() {
        return refuse(RefreshError::OtherClient);
    }
    let LiveGrant { user, .. } = match grant::live(tx, &realm.key, &held)? {
        Ok(live) => live,
        Err(dead) => return refuse(dead.into()),
    };
    let grace = found.place == Place::Previous && in_grace(tx, &found.family.row, client.method());
    if found.place != Place::Current && !grace {
        return reused(tx, realm, &found, &held, actor);
    }
    let permit = match permit(tx, realm, client, &held, found.id, presented)? {
        Ok(permit) => permit,
        Err(refused) => return refuse(refused),
    };
    let answer = |token| Refreshed { permit, token, grant: held, grant_id: found.id, user };
    if grace {
        return Ok(Outcome::Answer(Ok(answer(found.token(&found.secret.successor(&found.family.row.seed))))));
    }
    // A token that a public client keeps would never show that it was stolen (RFC 9700 §2.2.2).
    let keeps = client.record().reuse_refresh_token && client.method() != AuthMethod::None;
    let clears = client.record().clear_access_tokens_on_refresh;
    if clears {
        token::end_tokens(tx, &realm.key, found.id)?;
    }
    if keeps {
        let answer = Ok(answer(found.token(&found.secret)));
        return Ok(if clears { Outcome::Commit(answer) } else { Outcome::Answer(answer) });
    }
    let next = rotate(tx, &found, presented.seed)?;
    Ok(Outcome::Commit(Ok(answer(found.token(&next)))))
}

fn rotate(tx: &mut Tx<'_>, found: &Found, seed: &[u8; SECRET_LEN]) -> Result<Secret, Abort> {
    let next = found.secret.successor(seed);
    let row = RefreshFamily {
        current: next.hash(),
        previous: found.secret.hash(),
        seed: seed.to_vec(),
        rotated_ms: tx.now().0,
        ..found.family.row.clone()
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<RefreshFamilies>(found.family.key.clone(), row)?;
    Ok(next)
}

/// Somebody has a token that was replaced: either its client or its successor's holder is a thief, so that both lose.
fn reused(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    found: &Found,
    held: &Grant,
    actor: &Actor,
) -> Decided<Refreshed, RefreshError> {
    grant::end(tx, &realm.key, found.id)?;
    let changes = json!({"client": held.client_id, "user": held.user()?.to_string()});
    event::record(tx, &realm.key, "refresh.reuse", &found.id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Err(RefreshError::Reused)))
}

fn permit(
    read: &impl Read,
    realm: &Stored<Realms>,
    client: &AuthenticatedClient,
    held: &Grant,
    id: GrantId,
    presented: &PresentedRefresh<'_>,
) -> Result<Result<Permit, RefreshError>, Abort> {
    let granted = held.scopes()?;
    let scopes = match presented.scopes.filter(|asked| !asked.is_empty()) {
        Some(asked) => match narrowed(&granted, asked) {
            Ok(scopes) => scopes,
            Err(refused) => return Ok(Err(refused)),
        },
        None => still_held(&granted, &client.record().scopes()?),
    };
    // Without this, no scope at all would mean "all that the client has".
    if scopes.is_empty() {
        return Ok(Err(RefreshError::NoScope));
    }
    let Some(audience) = held.narrow(presented.audience) else { return Ok(Err(RefreshError::Audience)) };
    let grant = GrantType::RefreshToken;
    let wanted = Wanted { grant, scopes: &scopes, audience: &audience, expires_in: presented.expires_in };
    Ok(grant::permit(read, realm, client, (id, held), &wanted)?.map_err(RefreshError::from))
}

/// Begins a scope that asks for a group by its name.
const NAMED_GROUP: &str = "wlcg.groups:";

/// The scopes asked for, if all of them were granted. A group by name is no part of `wlcg.groups`: it may be one that
/// is told only where its person saw that it is asked for.
fn narrowed(granted: &ScopeList, asked: &ScopeList) -> Result<ScopeList, RefreshError> {
    let held = Held::new(granted);
    let granted = |scope: &Scope| {
        if scope.as_str().starts_with(NAMED_GROUP) { granted.has(scope.as_str()) } else { held.allow(scope) }
    };
    let one = |scope: &Scope| match canonical(scope) {
        Ok(scope) if granted(&scope) => Ok(scope),
        _ => Err(RefreshError::Scope(scope.clone())),
    };
    asked.iter().map(one).collect()
}

/// The scopes granted, less those that were taken from the client since.
fn still_held(granted: &ScopeList, client: &ScopeList) -> ScopeList {
    let held = Held::new(client);
    granted.iter().filter(|scope| held.allow(scope)).cloned().collect()
}
