//! What is stored of a session.

use raft_store_core::{Abort, Index, IndexId, Set, SetId, Table, TableId, Through, Timestamp};

use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::tables;

/// How somebody proved who they are (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amr {
    /// By password.
    Password,
}

impl Amr {
    const ALL: [Self; 1] = [Self::Password];

    /// As it stands in the `amr` claim.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Password => 1,
        }
    }

    pub(crate) fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|amr| amr.stored() == value).ok_or_else(|| Abort::corrupt("amr"))
    }
}

/// A session's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Session {
    /// Whose it is.
    #[prost(bytes = "vec", tag = "1")]
    pub user: Vec<u8>,
    /// When it began, cluster time in ms.
    #[prost(uint64, tag = "2")]
    pub created_ms: u64,
    /// When the person last proved who they are, cluster time in ms.
    #[prost(uint64, tag = "3")]
    pub auth_time_ms: u64,
    /// When it was last used, to within [`super::TOUCH_EVERY_MS`]; cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub last_seen_ms: u64,
    /// When it ends unless it is used, cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub idle_end_ms: u64,
    /// When it ends however it is used, cluster time in ms.
    #[prost(uint64, tag = "6")]
    pub absolute_end_ms: u64,
    /// [`Amr`]s: how they proved it.
    #[prost(int32, repeated, tag = "7")]
    pub amr: Vec<i32>,
    /// The revision of the state it was made from: a "not before" marker above it kills it.
    #[prost(uint64, tag = "8")]
    pub born_revision: u64,
    /// Where it began; empty: not known.
    #[prost(string, tag = "9")]
    pub address: String,
    /// The browser, as it calls itself, cut.
    #[prost(string, tag = "10")]
    pub user_agent: String,
}

impl Session {
    /// Whose it is.
    ///
    /// # Errors
    /// When the record holds no id.
    pub fn user(&self) -> Result<UserId, Abort> {
        <[u8; 16]>::try_from(self.user.as_slice()).map(UserId).map_err(|_| Abort::corrupt("session user"))
    }

    /// How they proved who they are.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn amr(&self) -> Result<Vec<Amr>, Abort> {
        self.amr.iter().map(|value| Amr::from_stored(*value)).collect()
    }

    /// When it ends unless it is used, or however it is used; cluster time in ms.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.idle_end_ms.min(self.absolute_end_ms)
    }
}

/// Sessions by realm and the hash of their token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions;

impl Table for Sessions {
    type Key = (RealmId, TokenHash);
    type Row = Session;
    type Indexes = (SessionsByUser,);
    type Sets = (SessionsOfUser,);
    const ID: TableId = tables::SESSIONS;
    const NAME: &'static str = "sessions";
    fn expires(row: &Session) -> Option<Timestamp> {
        Some(Timestamp(row.end_ms()))
    }
}

/// A person's sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionsByUser;

impl Index for SessionsByUser {
    type Of = Sessions;
    type Key = (RealmId, UserId);
    const ID: IndexId = tables::SESSIONS_BY_USER;
    const NAME: &'static str = "sessions by user";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, TokenHash), row: &Session) -> Vec<(RealmId, UserId)> {
        row.user().map(|user| (realm.clone(), user)).into_iter().collect()
    }
}

/// A person's sessions, under one guard.
#[derive(Clone, Copy, Debug)]
pub struct SessionsOfUser;

impl Set for SessionsOfUser {
    type Of = Sessions;
    type Prefix = (RealmId, UserId);
    const ID: SetId = tables::SESSIONS_OF_USER;
    const THROUGH: Through = Through::Index(tables::SESSIONS_BY_USER);
    fn prefixes(key: &(RealmId, TokenHash), row: &Session) -> Vec<(RealmId, UserId)> {
        SessionsByUser::keys(key, row)
    }
}
