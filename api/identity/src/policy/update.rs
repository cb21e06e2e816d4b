//! Replacing a policy.

use raft_store_core::{Outcome, Revision, Tx};
use serde_json::json;

use super::create::{CreatePolicyError, check, described, write};
use super::fields::PolicyFields;
use super::record::{PolicyId, ScopePolicy};
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::{Decided, refuse};

/// Why a policy stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdatePolicyError {
    /// There is no such policy.
    #[error("no such scope policy")]
    NotFound,
    /// It is not any more as the caller saw it.
    #[error("the scope policy changed meanwhile")]
    Changed,
    /// It may not become this.
    #[error(transparent)]
    Refused(#[from] CreatePolicyError),
}

/// Replaces a policy. With `if_revision` only if it is still as it was read.
///
/// # Errors
/// Inner: see [`UpdatePolicyError`]; nothing is written then.
pub fn update(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: PolicyId,
    fields: &PolicyFields,
    if_revision: Option<Revision>,
    actor: &Actor,
) -> Decided<ScopePolicy, UpdatePolicyError> {
    let mut others = super::list(tx, realm)?;
    let Some(place) = others.iter().position(|policy| policy.key.1 == id) else {
        return refuse(UpdatePolicyError::NotFound);
    };
    let old = others.swap_remove(place);
    if if_revision.is_some_and(|seen| seen != old.revision) {
        return refuse(UpdatePolicyError::Changed);
    }
    let fields = match check(tx, realm, fields, &others)? {
        Ok(fields) => fields,
        Err(error) => return refuse(error.into()),
    };
    let old_fields = old.row.fields()?;
    if old_fields == fields {
        return Ok(Outcome::Answer(Ok(old.row)));
    }
    let row = write(tx, realm, id, &fields, old.row.created_ms)?;
    let changes = json!({"from": described(&old_fields), "to": described(&fields)});
    event::record(tx, realm, "scope_policy.update", &id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(row)))
}
