//! What is stored of a one-time link.

use raft_store_core::{Abort, Table, TableId, Timestamp};

use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::tables;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The first administrator of a realm sets their password.
    FirstAdministrator,
    /// Somebody sets a new password.
    SetPassword,
}

impl LinkKind {
    /// Its name in the audit and in APIs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstAdministrator => "first-administrator",
            Self::SetPassword => "set-password",
        }
    }

    pub(super) const fn stored(self) -> i32 {
        match self {
            Self::FirstAdministrator => 1,
            Self::SetPassword => 2,
        }
    }

    fn from_stored(value: i32) -> Result<Self, Abort> {
        [Self::FirstAdministrator, Self::SetPassword]
            .into_iter()
            .find(|kind| kind.stored() == value)
            .ok_or_else(|| Abort::corrupt("link kind"))
    }
}

/// A link's record. It goes when the link is used.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OneTimeLink {
    /// Whose password it sets.
    #[prost(bytes = "vec", tag = "1")]
    pub user: Vec<u8>,
    /// A [`LinkKind`].
    #[prost(int32, tag = "2")]
    pub kind: i32,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "3")]
    pub created_ms: u64,
    /// When it ends, cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub expires_ms: u64,
    /// The revision of the state it was made from: a "not before" marker above it kills it.
    #[prost(uint64, tag = "5")]
    pub born_revision: u64,
}

impl OneTimeLink {
    /// Whose password it sets.
    ///
    /// # Errors
    /// When the record holds no id.
    pub fn user(&self) -> Result<UserId, Abort> {
        <[u8; 16]>::try_from(self.user.as_slice()).map(UserId).map_err(|_| Abort::corrupt("link user"))
    }

    /// What it is for.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn kind(&self) -> Result<LinkKind, Abort> {
        LinkKind::from_stored(self.kind)
    }
}

/// Links by realm and the hash of their token. One that ended reads as absent, swept or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneTimeLinks;

impl Table for OneTimeLinks {
    type Key = (RealmId, TokenHash);
    type Row = OneTimeLink;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::ONE_TIME_LINKS;
    const NAME: &'static str = "one-time links";
    fn expires(row: &OneTimeLink) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}
