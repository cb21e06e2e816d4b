//! Making a policy.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::{Value, json};

use super::fields::{InvalidPolicy, PolicyFields};
use super::kinds::Selector;
use super::limits::{MAX_PATTERNS, MAX_POLICIES};
use super::record::{PolicyId, ScopePolicies, ScopePolicy};
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::{Decided, group, refuse, user};

/// Why no policy was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreatePolicyError {
    /// It is none.
    #[error(transparent)]
    Invalid(#[from] InvalidPolicy),
    /// There is no such person.
    #[error("no such account")]
    NoSuchAccount,
    /// There is no such group.
    #[error("no such group")]
    NoSuchGroup,
    /// Another policy says the same.
    #[error("policy {0} says the same")]
    Duplicate(PolicyId),
    /// The realm has [`MAX_POLICIES`].
    #[error("the realm has {MAX_POLICIES} scope policies, which is the limit")]
    TooMany,
    /// The realm's policies hold [`MAX_PATTERNS`] regular expressions.
    #[error("the realm's scope policies would hold more than {MAX_PATTERNS} regular expressions")]
    TooManyPatterns,
}

/// Makes a policy. It decides every token from the commit on, those included that are refreshed.
///
/// Its number follows the highest that is in use.
///
/// # Errors
/// Inner: see [`CreatePolicyError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    fields: &PolicyFields,
    actor: &Actor,
) -> Decided<(PolicyId, ScopePolicy), CreatePolicyError> {
    let others = super::list(tx, realm)?;
    if others.len() >= MAX_POLICIES {
        return refuse(CreatePolicyError::TooMany);
    }
    let fields = match check(tx, realm, fields, &others)? {
        Ok(fields) => fields,
        Err(error) => return refuse(error),
    };
    let id = PolicyId(others.last().map_or(0, |last| last.key.1.0).saturating_add(1));
    let row = write(tx, realm, id, &fields, tx.now().0)?;
    event::record(tx, realm, "scope_policy.create", &id.to_string(), described(&fields), actor)?;
    Ok(Outcome::Commit(Ok((id, row))))
}

/// Gives a new realm its first policy, number 1: everything to everybody.
///
/// # Errors
/// When storage fails.
pub fn seed(tx: &mut Tx<'_>, realm: &RealmId) -> Result<(), Abort> {
    write(tx, realm, PolicyId(1), &PolicyFields::permit_all(), tx.now().0)?;
    Ok(())
}

/// The fields as they are kept, if they may stand beside the `others`.
pub(super) fn check(
    read: &impl Read,
    realm: &RealmId,
    fields: &PolicyFields,
    others: &[Stored<ScopePolicies>],
) -> Result<Result<PolicyFields, CreatePolicyError>, Abort> {
    let fields = match fields.checked() {
        Ok(fields) => fields,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    match fields.selector {
        Selector::Account(id) if user::get(read, realm, id)?.is_none() => {
            return Ok(Err(CreatePolicyError::NoSuchAccount));
        }
        Selector::Group(id) if group::get(read, realm, id)?.is_none() => {
            return Ok(Err(CreatePolicyError::NoSuchGroup));
        }
        _ => {}
    }
    let mut patterns = fields.patterns();
    for other in others {
        let other_fields = other.row.fields()?;
        if other_fields.says_the_same(&fields) {
            return Ok(Err(CreatePolicyError::Duplicate(other.key.1)));
        }
        patterns += other_fields.patterns();
    }
    Ok(if patterns > MAX_PATTERNS { Err(CreatePolicyError::TooManyPatterns) } else { Ok(fields) })
}

/// Writes a policy that was checked.
pub(super) fn write(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: PolicyId,
    fields: &PolicyFields,
    created_ms: u64,
) -> Result<ScopePolicy, Abort> {
    let mut row = ScopePolicy { created_ms, modified_ms: tx.now().0, ..ScopePolicy::default() };
    fields.write_to(&mut row);
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<ScopePolicies>((realm.clone(), id), row.clone())?;
    Ok(row)
}

/// A policy for the audit chain.
pub(super) fn described(fields: &PolicyFields) -> Value {
    let (account, group) = match fields.selector {
        Selector::Account(id) => (Some(id.to_string()), None),
        Selector::Group(id) => (None, Some(id.to_string())),
        Selector::Everybody => (None, None),
    };
    json!({
        "description": fields.description,
        "rule": fields.rule.name(),
        "matching_policy": fields.matching.name(),
        "account": account,
        "group": group,
        "scopes": fields.scopes,
    })
}
