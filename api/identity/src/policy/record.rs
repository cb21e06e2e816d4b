//! What is stored of a policy.

use std::fmt;

use raft_store_core::{Abort, Set, SetId, Table, TableId, Through, key_newtype};

use super::fields::PolicyFields;
use super::kinds::{Matching, Rule, Selector};
use crate::ids::{GroupId, RealmId, UserId};
use crate::tables;

/// A policy's number in its realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub u64);

key_newtype!(PolicyId);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A policy's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ScopePolicy {
    /// For people.
    #[prost(string, tag = "1")]
    pub description: String,
    /// A [`Rule`].
    #[prost(int32, tag = "2")]
    pub rule: i32,
    /// A [`Matching`].
    #[prost(int32, tag = "3")]
    pub matching: i32,
    /// The person it concerns; empty: no one person.
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
    /// The group whose members it concerns; empty: no one group.
    #[prost(bytes = "vec", tag = "5")]
    pub group: Vec<u8>,
    /// The scopes, each in its stored form.
    #[prost(string, repeated, tag = "6")]
    pub scopes: Vec<String>,
    /// Whether it concerns every scope; `scopes` is empty then.
    #[prost(bool, tag = "7")]
    pub all_scopes: bool,
    /// Cluster time in ms.
    #[prost(uint64, tag = "8")]
    pub created_ms: u64,
    /// Cluster time in ms.
    #[prost(uint64, tag = "9")]
    pub modified_ms: u64,
}

impl ScopePolicy {
    /// Its typed form.
    ///
    /// # Errors
    /// When the record holds values this version does not know.
    pub fn fields(&self) -> Result<PolicyFields, Abort> {
        Ok(PolicyFields {
            description: self.description.clone(),
            rule: self.rule()?,
            matching: Matching::from_stored(self.matching)?,
            selector: self.selector()?,
            scopes: (!self.all_scopes).then(|| self.scopes.clone()),
        })
    }

    pub(super) fn rule(&self) -> Result<Rule, Abort> {
        Rule::from_stored(self.rule)
    }

    pub(super) fn matching(&self) -> Result<Matching, Abort> {
        Matching::from_stored(self.matching)
    }

    /// Whom it concerns. A record that names both an account and a group concerns nobody that could be told.
    pub(super) fn selector(&self) -> Result<Selector, Abort> {
        let id = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).map_err(|_| Abort::corrupt("policy selector"));
        match (self.account.as_slice(), self.group.as_slice()) {
            ([], []) => Ok(Selector::Everybody),
            (account, []) => Ok(Selector::Account(UserId(id(account)?))),
            ([], group) => Ok(Selector::Group(GroupId(id(group)?))),
            _ => Err(Abort::corrupt("policy selector")),
        }
    }
}

/// Policies by realm and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopePolicies;

impl Table for ScopePolicies {
    type Key = (RealmId, PolicyId);
    type Row = ScopePolicy;
    type Indexes = ();
    type Sets = (RealmPolicies,);
    const ID: TableId = tables::SCOPE_POLICIES;
    const NAME: &'static str = "scope policies";
}

/// All policies of a realm, under one guard.
#[derive(Clone, Copy, Debug)]
pub struct RealmPolicies;

impl Set for RealmPolicies {
    type Of = ScopePolicies;
    type Prefix = RealmId;
    const ID: SetId = tables::REALM_POLICIES;
    const THROUGH: Through = Through::Primary;
    fn prefixes((realm, _): &(RealmId, PolicyId), _: &ScopePolicy) -> Vec<RealmId> {
        vec![realm.clone()]
    }
}
