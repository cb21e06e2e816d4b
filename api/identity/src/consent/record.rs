//! What is stored of approvals.

use raft_store_core::{Abort, Set, SetId, Table, TableId, Through, Timestamp};

use crate::ids::{ClientId, RealmId, UserId};
use crate::scope::ScopeList;
use crate::tables;

/// An approval at one redirect URI.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Approval {
    /// As it is registered.
    #[prost(string, tag = "1")]
    pub redirect_uri: String,
    /// Scopes approved, separated by spaces.
    #[prost(string, tag = "2")]
    pub scope: String,
    /// When it ends, cluster time in ms; zero: when it is taken back.
    #[prost(uint64, tag = "3")]
    pub expires_ms: u64,
    /// When it was given last, cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub given_ms: u64,
}

impl Approval {
    /// Whether it has not ended.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_ms == 0 || now.0 < self.expires_ms
    }

    /// The scopes approved.
    ///
    /// # Errors
    /// When the record holds no list of scopes.
    pub fn scopes(&self) -> Result<ScopeList, Abort> {
        ScopeList::parse(&self.scope).map_err(|_| Abort::corrupt("approval scope"))
    }
}

/// A person's approvals of one client.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Consent {
    /// By redirect URI.
    #[prost(message, repeated, tag = "1")]
    pub approvals: Vec<Approval>,
}

/// Approvals by realm, person and client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consents;

impl Table for Consents {
    type Key = (RealmId, UserId, ClientId);
    type Row = Consent;
    type Indexes = ();
    type Sets = (ConsentsOfUser,);
    const ID: TableId = tables::CONSENTS;
    const NAME: &'static str = "consents";
    fn expires(row: &Consent) -> Option<Timestamp> {
        if row.approvals.iter().any(|approval| approval.expires_ms == 0) {
            return None;
        }
        row.approvals.iter().map(|approval| Timestamp(approval.expires_ms)).max()
    }
}

/// A person's approvals, under one guard.
#[derive(Clone, Copy, Debug)]
pub struct ConsentsOfUser;

impl Set for ConsentsOfUser {
    type Of = Consents;
    type Prefix = (RealmId, UserId);
    const ID: SetId = tables::CONSENTS_OF_USER;
    const THROUGH: Through = Through::Primary;
    fn prefixes((realm, user, _): &(RealmId, UserId, ClientId), _: &Consent) -> Vec<(RealmId, UserId)> {
        vec![(realm.clone(), *user)]
    }
}
