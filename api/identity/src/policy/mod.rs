//! Scope policies: who among the people of a realm may get which scope.
//!
//! A policy permits or denies scopes to one account, to the members of one group, or to everybody. They are asked in
//! that order. Within a level a denial beats a permission; a scope that one level decided is not asked for at the
//! next; what no level decides is not given.

mod compiled;
mod create;
mod delete;
mod evaluate;
mod fields;
mod kinds;
mod limits;
mod matcher;
mod record;
mod update;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

use raft_store_core::{Abort, Read, Stored};

pub use create::{CreatePolicyError, create, seed};
pub use delete::{DeletePolicyError, delete};
pub use evaluate::{DecidedBy, Level};
pub use fields::{InvalidPolicy, PolicyFields};
pub use kinds::{Matching, Rule, Selector};
pub use limits::{MAX_DESCRIPTION, MAX_PATTERNS, MAX_POLICIES, MAX_POLICY_SCOPE, MAX_POLICY_SCOPES};
pub(crate) use matcher::scope_matches;
pub use matcher::{InvalidPattern, PolicyScopeFault};
pub use record::{PolicyId, RealmPolicies, ScopePolicies, ScopePolicy};
pub use update::{UpdatePolicyError, update};

pub(crate) use evaluate::Policies;

use crate::ids::RealmId;

/// One policy.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, realm: &RealmId, id: PolicyId) -> Result<Option<Stored<ScopePolicies>>, Abort> {
    read.get::<ScopePolicies>(&(realm.clone(), id))
}

/// Every policy of a realm, by id. There are at most [`MAX_POLICIES`].
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read, realm: &RealmId) -> Result<Vec<Stored<ScopePolicies>>, Abort> {
    read.all::<RealmPolicies>(realm)
}
