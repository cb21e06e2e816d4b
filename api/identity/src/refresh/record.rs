//! What is stored of a refresh family.

use raft_store_core::{Abort, Index, IndexId, Read, Set, SetId, Table, TableId, Through, Timestamp, Tx};

use crate::grant::Grant;
use crate::ids::{RealmId, UserId};
use crate::tables;
use crate::token::GrantId;

/// A family's record. An ended family has none.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct RefreshFamily {
    /// Whom it binds, and what it allows.
    #[prost(message, optional, tag = "1")]
    pub grant: Option<Grant>,
    /// SHA-256 of the current token's secret.
    #[prost(bytes = "vec", tag = "2")]
    pub current: Vec<u8>,
    /// SHA-256 of the secret that the current one replaced; empty: none.
    #[prost(bytes = "vec", tag = "3")]
    pub previous: Vec<u8>,
    /// With the previous secret, it gives the current one.
    #[prost(bytes = "vec", tag = "4")]
    pub seed: Vec<u8>,
    /// When the current token came, cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub rotated_ms: u64,
    /// When the family began, cluster time in ms.
    #[prost(uint64, tag = "6")]
    pub created_ms: u64,
    /// When it ends however it is used, cluster time in ms.
    #[prost(uint64, tag = "7")]
    pub expires_ms: u64,
}

impl std::fmt::Debug for RefreshFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshFamily").field("grant", &self.grant).finish_non_exhaustive()
    }
}

impl RefreshFamily {
    /// What the family rests on.
    ///
    /// # Errors
    /// When the record holds nothing of it.
    pub fn grant(&self) -> Result<&Grant, Abort> {
        self.grant.as_ref().ok_or_else(|| Abort::corrupt("family without grant"))
    }
}

/// Families by realm and grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshFamilies;

impl Table for RefreshFamilies {
    type Key = (RealmId, GrantId);
    type Row = RefreshFamily;
    type Indexes = (FamiliesByUser,);
    type Sets = (FamiliesOfUser,);
    const ID: TableId = tables::REFRESH_FAMILIES;
    const NAME: &'static str = "refresh families";
    fn expires(row: &RefreshFamily) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

/// A person's families.
#[derive(Clone, Copy, Debug)]
pub struct FamiliesByUser;

impl Index for FamiliesByUser {
    type Of = RefreshFamilies;
    type Key = (RealmId, UserId);
    const ID: IndexId = tables::FAMILIES_BY_USER;
    const NAME: &'static str = "refresh families by user";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, GrantId), row: &RefreshFamily) -> Vec<(RealmId, UserId)> {
        let user = row.grant.as_ref().and_then(|grant| grant.user().ok());
        user.map(|user| (realm.clone(), user)).into_iter().collect()
    }
}

/// A person's families, under one guard.
#[derive(Clone, Copy, Debug)]
pub struct FamiliesOfUser;

impl Set for FamiliesOfUser {
    type Of = RefreshFamilies;
    type Prefix = (RealmId, UserId);
    const ID: SetId = tables::FAMILIES_OF_USER;
    const THROUGH: Through = Through::Index(tables::FAMILIES_BY_USER);
    fn prefixes(key: &(RealmId, GrantId), row: &RefreshFamily) -> Vec<(RealmId, UserId)> {
        FamiliesByUser::keys(key, row)
    }
}

/// Removes at most `limit` families of a person who is being deleted; answers how many.
pub(crate) fn purge(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, limit: usize) -> Result<usize, Abort> {
    let all = tx.all::<FamiliesOfUser>(&(realm.clone(), user))?;
    for family in all.iter().take(limit) {
        tx.delete::<RefreshFamilies>(&family.key)?;
    }
    Ok(all.len().min(limit))
}
