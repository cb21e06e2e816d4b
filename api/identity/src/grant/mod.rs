//! What a person allowed a client: the part that codes and refresh families share, and whether it still counts.

#[cfg(test)]
mod golden_test;
#[cfg(test)]
mod race_test;
#[cfg(test)]
mod successor_test;

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read, Revision, Stored, Tx};

use crate::audience::Audience;
use crate::client::{self, AuthenticatedClient, ClientNotBefore, Clients, GrantType};
use crate::ids::{ClientId, RealmId, UserId};
use crate::realm::{RealmNotBefore, Realms};
use crate::refresh::RefreshFamilies;
use crate::scope::ScopeList;
use crate::session::{Amr, LiveSession};
use crate::token::{self, Ask, ConsentNotBefore, GrantId, IssueRefused, Permit, Subject, UserSubject};
use crate::user::{self, UserNotBefore, Users};

impl fmt::Display for GrantId {
    /// As in a `jti`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Whom a grant binds, and what it allows.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Grant {
    /// To which client.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// By which person.
    #[prost(bytes = "vec", tag = "2")]
    pub user: Vec<u8>,
    /// Scopes as they were granted, in their order, separated by spaces: no token of the grant has more.
    #[prost(string, tag = "3")]
    pub scope: String,
    /// Audiences as they were granted; empty: any.
    #[prost(string, repeated, tag = "4")]
    pub audience: Vec<String>,
    /// When the person last proved who they are, cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub auth_time_ms: u64,
    /// How they proved it: see [`Amr`].
    #[prost(int32, repeated, tag = "6")]
    pub amr: Vec<i32>,
    /// The revision of the state the grant was made from: a "not before" marker above it ends it.
    #[prost(uint64, tag = "7")]
    pub born_revision: u64,
}

/// Why a grant does not count any more. For logs, and for the one case that clients learn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantDead {
    /// Everything of the realm of its time was ended.
    #[error("grants of the realm ended")]
    RealmEnded,
    /// Everything of the client of its time was ended.
    #[error("grants of the client ended")]
    ClientEnded,
    /// Everything of the person of its time was ended: suspended, deleted, another password.
    #[error("grants of the user ended")]
    UserEnded,
    /// The person took the approval back.
    #[error("approval was removed")]
    ConsentRemoved,
    /// The client is gone.
    #[error("client of the grant is gone")]
    ClientGone,
    /// The person is gone.
    #[error("user of the grant is gone")]
    UserGone,
    /// The person may not act. INDIGO's text.
    #[error("User {0} is not active.")]
    UserInactive(String),
}

/// A grant that counts, at one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGrant {
    /// The client.
    pub client: Stored<Clients>,
    /// The person.
    pub user: Stored<Users>,
}

impl Grant {
    /// A grant by the person of a session.
    pub(crate) fn new(
        read: &impl Read,
        client: &ClientId,
        session: &LiveSession,
        scopes: &ScopeList,
        audience: &Audience,
    ) -> Self {
        Self {
            client_id: client.to_string(),
            user: session.user().key.1.0.to_vec(),
            scope: scopes.to_string(),
            audience: audience.values().to_vec(),
            auth_time_ms: session.auth_time_ms(),
            amr: session.amr().iter().map(|amr| amr.stored()).collect(),
            born_revision: read.revision().0,
        }
    }

    /// The client's id.
    ///
    /// # Errors
    /// When the record holds none.
    pub fn client(&self) -> Result<ClientId, Abort> {
        ClientId::parse(&self.client_id).map_err(|_| Abort::corrupt("grant client"))
    }

    /// The person's id.
    ///
    /// # Errors
    /// When the record holds none.
    pub fn user(&self) -> Result<UserId, Abort> {
        <[u8; 16]>::try_from(self.user.as_slice()).map(UserId).map_err(|_| Abort::corrupt("grant user"))
    }

    /// The scopes granted.
    ///
    /// # Errors
    /// When the record holds no list of scopes.
    pub fn scopes(&self) -> Result<ScopeList, Abort> {
        ScopeList::parse(&self.scope).map_err(|_| Abort::corrupt("grant scope"))
    }

    /// How the person proved who they are.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn amr(&self) -> Result<Vec<Amr>, Abort> {
        self.amr.iter().map(|value| Amr::from_stored(*value)).collect()
    }

    /// The audience of a token: what was granted, or the part of it that is asked for. `None` when more is asked for.
    /// Where none was granted the token was for anyone, so that any audience is a part.
    #[must_use]
    pub fn narrow(&self, asked: &Audience) -> Option<Audience> {
        if asked.values().is_empty() {
            return Some(Audience::granted(&self.audience));
        }
        let within = self.audience.is_empty() || asked.values().iter().all(|one| self.audience.contains(one));
        within.then(|| asked.clone())
    }
}

/// What is asked for under a grant.
pub(crate) struct Wanted<'a> {
    /// By which grant type.
    pub(crate) grant: GrantType,
    /// Scopes, all of them granted.
    pub(crate) scopes: &'a ScopeList,
    /// Audiences, all of them granted.
    pub(crate) audience: &'a Audience,
    /// For how long, s; may only shorten.
    pub(crate) expires_in: Option<u32>,
}

/// Leave for a token under a grant that counts, from the one decision function.
pub(crate) fn permit(
    read: &impl Read,
    realm: &Stored<Realms>,
    client: &AuthenticatedClient,
    (id, grant): (GrantId, &Grant),
    wanted: &Wanted<'_>,
) -> Result<Result<Permit, IssueRefused>, Abort> {
    let subject = UserSubject { user: grant.user()?, grant: id, auth_time_ms: grant.auth_time_ms, amr: grant.amr()? };
    let ask = Ask {
        client,
        subject: Subject::User(subject),
        grant: wanted.grant,
        scopes: Some(wanted.scopes),
        audience: wanted.audience,
        expires_in: wanted.expires_in,
    };
    token::decide(read, realm, &ask)
}

/// Whether a grant counts: nobody ended it, and client and person are there. A disabled client is not looked for: it
/// is refused wherever it authenticates, and its grants count again when it is enabled.
///
/// # Errors
/// Inner: see [`GrantDead`]. Outer: when storage fails.
pub fn live(read: &impl Read, realm: &RealmId, grant: &Grant) -> Result<Result<LiveGrant, GrantDead>, Abort> {
    let (client, user) = (grant.client()?, grant.user()?);
    let born = Revision(grant.born_revision);
    let ended = |marker: Option<Revision>| marker.is_some_and(|at| born < at);
    if ended(read.marker::<RealmNotBefore>(realm)?) {
        return Ok(Err(GrantDead::RealmEnded));
    }
    let Some(user) = user::get(read, realm, user)? else { return Ok(Err(GrantDead::UserGone)) };
    if !user::is_active(&user.row, read.now()) {
        return Ok(Err(GrantDead::UserInactive(user.row.user_name)));
    }
    if ended(read.marker::<UserNotBefore>(&user.key)?) {
        return Ok(Err(GrantDead::UserEnded));
    }
    if ended(read.marker::<ClientNotBefore>(&(realm.clone(), client.clone()))?) {
        return Ok(Err(GrantDead::ClientEnded));
    }
    if ended(read.marker::<ConsentNotBefore>(&(realm.clone(), user.key.1, client.clone()))?) {
        return Ok(Err(GrantDead::ConsentRemoved));
    }
    Ok(match client::get(read, realm, &client)? {
        Some(client) => Ok(LiveGrant { client, user }),
        None => Err(GrantDead::ClientGone),
    })
}

/// Ends a grant: its refresh family and every access token issued so far.
pub(crate) fn end(tx: &mut Tx<'_>, realm: &RealmId, id: GrantId) -> Result<(), Abort> {
    let key = (realm.clone(), id);
    tx.delete::<RefreshFamilies>(&key)?;
    token::end_tokens(tx, realm, id)
}
