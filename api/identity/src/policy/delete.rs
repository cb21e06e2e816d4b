//! Removing a policy.

use raft_store_core::{Outcome, Revision, Tx};

use super::create::described;
use super::record::{PolicyId, ScopePolicies};
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::{Decided, refuse};

/// Why a policy stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeletePolicyError {
    /// There is no such policy.
    #[error("no such scope policy")]
    NotFound,
    /// It is not any more as the caller saw it.
    #[error("the scope policy changed meanwhile")]
    Changed,
}

/// Removes a policy. With `if_revision` only if it is still as it was read. A realm without policies gives people no
/// scope but `openid`.
///
/// # Errors
/// Inner: see [`DeletePolicyError`].
pub fn delete(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: PolicyId,
    if_revision: Option<Revision>,
    actor: &Actor,
) -> Decided<(), DeletePolicyError> {
    let Some(old) = super::get(tx, realm, id)? else { return refuse(DeletePolicyError::NotFound) };
    if if_revision.is_some_and(|seen| seen != old.revision) {
        return refuse(DeletePolicyError::Changed);
    }
    tx.delete::<ScopePolicies>(&(realm.clone(), id))?;
    event::record(tx, realm, "scope_policy.delete", &id.to_string(), described(&old.row.fields()?), actor)?;
    Ok(Outcome::Commit(Ok(())))
}
