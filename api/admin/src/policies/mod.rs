//! Scope policies of a realm.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;
mod wanted;

use http::StatusCode;
use raft_store_core::{Abort, Stored};
use serde::Serialize;
use woad_http::Problem;
use woad_identity::policy::{CreatePolicyError, PolicyId, ScopePolicies, Selector};

use crate::call::ClusterCall;

/// A policy as it is shown.
#[derive(Serialize)]
struct PolicyView {
    id: u64,
    description: String,
    rule: &'static str,
    matching: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    created_ms: u64,
    modified_ms: u64,
    /// What `If-Match` of a change may name.
    revision: u64,
}

impl PolicyView {
    fn of(stored: &Stored<ScopePolicies>) -> Result<Self, Abort> {
        let fields = stored.row.fields()?;
        let (user, group) = match fields.selector {
            Selector::Account(user) => (Some(user.to_string()), None),
            Selector::Group(group) => (None, Some(group.to_string())),
            Selector::Everybody => (None, None),
        };
        Ok(Self {
            id: stored.key.1.0,
            description: fields.description,
            rule: fields.rule.name(),
            matching: fields.matching.name(),
            user,
            group,
            scopes: fields.scopes,
            created_ms: stored.row.created_ms,
            modified_ms: stored.row.modified_ms,
            revision: stored.revision.0,
        })
    }
}

/// There is no such policy.
fn no_policy() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such scope policy").of_kind("no-such-policy")
}

/// The policy id in the path, its second parameter.
fn policy_id(call: &ClusterCall) -> Result<PolicyId, Problem> {
    call.parameter(1).parse().map(PolicyId).map_err(|_| no_policy())
}

/// The wire's answer to a policy that can't be.
fn problem(error: &CreatePolicyError) -> Problem {
    let text = error.to_string();
    match error {
        CreatePolicyError::Invalid(_) => Problem::new(StatusCode::BAD_REQUEST, text).of_kind("invalid-policy"),
        CreatePolicyError::NoSuchAccount => crate::users::no_user(),
        CreatePolicyError::NoSuchGroup => crate::groups::no_group(),
        CreatePolicyError::Duplicate(_) => Problem::new(StatusCode::CONFLICT, text).of_kind("exists"),
        CreatePolicyError::TooMany | CreatePolicyError::TooManyPatterns => {
            Problem::new(StatusCode::CONFLICT, text).of_kind("too-many-policies")
        }
    }
}
