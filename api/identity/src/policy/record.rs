//! What is stored of a policy, and its typed form.

use std::fmt;

use raft_store_core::{Abort, Set, SetId, Table, TableId, Through, key_newtype};

use super::limits::{MAX_DESCRIPTION, MAX_POLICY_SCOPE, MAX_POLICY_SCOPES};
use super::matcher::{self, PolicyScopeFault};
use crate::ids::{GroupId, RealmId, UserId};
use crate::tables;
use crate::text::{self, TextFault};

/// A policy's number in its realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub u64);

key_newtype!(PolicyId);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Gives.
    Permit,
    /// Takes.
    Deny,
}

impl Rule {
    const ALL: [Self; 2] = [Self::Permit, Self::Deny];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "PERMIT",
            Self::Deny => "DENY",
        }
    }

    /// By its name on the wire.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    const fn stored(self) -> i32 {
        match self {
            Self::Permit => 1,
            Self::Deny => 2,
        }
    }

    fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|rule| rule.stored() == value).ok_or_else(|| Abort::corrupt("policy rule"))
    }
}

/// How a policy's scopes are compared with one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Byte by byte.
    Equal,
    /// `prefix:/path`: the path itself and what lies below it.
    Path,
    /// A regular expression that matches the whole scope.
    Regexp,
}

impl Matching {
    const ALL: [Self; 3] = [Self::Equal, Self::Path, Self::Regexp];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "EQ",
            Self::Path => "PATH",
            Self::Regexp => "REGEXP",
        }
    }

    /// By its name on the wire.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|matching| matching.name() == name)
    }

    const fn stored(self) -> i32 {
        match self {
            Self::Equal => 1,
            Self::Path => 2,
            Self::Regexp => 3,
        }
    }

    fn from_stored(value: i32) -> Result<Self, Abort> {
        let found = Self::ALL.into_iter().find(|matching| matching.stored() == value);
        found.ok_or_else(|| Abort::corrupt("policy matching"))
    }
}

/// Whom a policy concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One person.
    Account(UserId),
    /// The members of one group.
    Group(GroupId),
    /// All people.
    Everybody,
}

/// A policy as it is given and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFields {
    /// For people; empty: none.
    pub description: String,
    /// What it does.
    pub rule: Rule,
    /// How its scopes are compared.
    pub matching: Matching,
    /// Whom it concerns.
    pub selector: Selector,
    /// Which scopes; `None`: all.
    pub scopes: Option<Vec<String>>,
}

/// Why a policy is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// Its description.
    #[error("description: {0}")]
    Description(TextFault),
    /// An empty list of scopes, which would match nothing.
    #[error("scopes is empty: leave it out for all scopes")]
    NoScopes,
    /// `PATH` and `REGEXP` compare with scopes, and there are none.
    #[error("matching policy {} needs scopes", .0.name())]
    ScopesNeeded(Matching),
    /// More than [`MAX_POLICY_SCOPES`].
    #[error("more than {MAX_POLICY_SCOPES} scopes")]
    TooManyScopes,
    /// A scope.
    #[error("scope {}: {fault}", .place + 1)]
    Scope {
        /// Its place in the list, from zero.
        place: usize,
        /// What is wrong with it.
        fault: PolicyScopeFault,
    },
}

impl PolicyFields {
    /// Permits everything to everybody: what a realm begins with, as INDIGO has it.
    #[must_use]
    pub const fn permit_all() -> Self {
        Self {
            description: String::new(),
            rule: Rule::Permit,
            matching: Matching::Equal,
            selector: Selector::Everybody,
            scopes: None,
        }
    }

    /// The same with its scopes in the form in which they are stored and compared, each once.
    pub(super) fn checked(&self) -> Result<Self, InvalidPolicy> {
        text::check(&self.description, 0, MAX_DESCRIPTION).map_err(InvalidPolicy::Description)?;
        let Some(scopes) = &self.scopes else {
            return match self.matching {
                Matching::Equal => Ok(self.clone()),
                needy => Err(InvalidPolicy::ScopesNeeded(needy)),
            };
        };
        if scopes.is_empty() {
            return Err(InvalidPolicy::NoScopes);
        }
        if scopes.len() > MAX_POLICY_SCOPES {
            return Err(InvalidPolicy::TooManyScopes);
        }
        let mut kept: Vec<String> = Vec::with_capacity(scopes.len());
        for (place, scope) in scopes.iter().enumerate() {
            let fault = |fault| InvalidPolicy::Scope { place, fault };
            if scope.len() > MAX_POLICY_SCOPE {
                return Err(fault(PolicyScopeFault::TooLong));
            }
            let scope = matcher::stored_form(self.matching, scope).map_err(fault)?;
            if !kept.contains(&scope) {
                kept.push(scope);
            }
        }
        Ok(Self { scopes: Some(kept), ..self.clone() })
    }

    /// Whether both say the same: the description and the order of scopes do not count.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let sorted = |fields: &Self| {
            let mut scopes = fields.scopes.clone();
            if let Some(scopes) = &mut scopes {
                scopes.sort_unstable();
            }
            scopes
        };
        (self.rule, self.matching, self.selector) == (other.rule, other.matching, other.selector)
            && sorted(self) == sorted(other)
    }

    /// How many regular expressions it holds.
    pub(super) fn patterns(&self) -> usize {
        if self.matching == Matching::Regexp { self.scopes.as_ref().map_or(0, Vec::len) } else { 0 }
    }

    pub(super) fn write_to(&self, row: &mut ScopePolicy) {
        row.description.clone_from(&self.description);
        row.rule = self.rule.stored();
        row.matching = self.matching.stored();
        (row.account, row.group) = match self.selector {
            Selector::Account(user) => (user.0.to_vec(), Vec::new()),
            Selector::Group(group) => (Vec::new(), group.0.to_vec()),
            Selector::Everybody => (Vec::new(), Vec::new()),
        };
        row.all_scopes = self.scopes.is_none();
        row.scopes = self.scopes.clone().unwrap_or_default();
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
