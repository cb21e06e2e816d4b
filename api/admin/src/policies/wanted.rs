//! A policy in a body.

use http::StatusCode;
use raft_store_core::{Abort, Read};
use serde::Deserialize;
use woad_http::Problem;
use woad_identity::RealmId;
use woad_identity::policy::{Matching, PolicyFields, Rule, Selector};

use crate::groups::{GroupRef, no_group};
use crate::users::{UserRef, no_user};

/// The body. Person and group are named by id or by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    description: String,
    rule: String,
    #[serde(default = "equal")]
    matching: String,
    user: Option<String>,
    group: Option<String>,
    /// Absent: all.
    scopes: Option<Vec<String>>,
}

fn equal() -> String {
    Matching::Equal.name().to_owned()
}

/// Whom a policy is for, before they are looked for.
enum For {
    Everybody,
    User(UserRef),
    Group(GroupRef),
}

/// What a body says, its words understood.
pub(super) struct Parsed {
    fields: PolicyFields,
    whom: For,
}

impl Wanted {
    /// Understands the words.
    pub(super) fn parse(self) -> Result<Parsed, Problem> {
        let bad = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-policy");
        let rule = Rule::by_name(&self.rule).ok_or_else(|| bad("rule must be PERMIT or DENY"))?;
        let matching = Matching::by_name(&self.matching).ok_or_else(|| bad("matching must be EQ, PATH or REGEXP"))?;
        let whom = match (self.user, self.group) {
            (None, None) => For::Everybody,
            (Some(user), None) => For::User(UserRef::lenient(&user)),
            (None, Some(group)) => For::Group(GroupRef::lenient(&group)),
            (Some(_), Some(_)) => return Err(bad("a policy is for a user or for a group, not for both")),
        };
        let fields = PolicyFields {
            description: self.description,
            rule,
            matching,
            selector: Selector::Everybody,
            scopes: self.scopes,
        };
        Ok(Parsed { fields, whom })
    }
}

impl Parsed {
    /// Finds whom it is for.
    pub(super) fn fields(&self, read: &impl Read, realm: &RealmId) -> Result<Result<PolicyFields, Problem>, Abort> {
        let selector = match &self.whom {
            For::Everybody => Selector::Everybody,
            For::User(user) => match user.find(read, realm)? {
                Some(user) => Selector::Account(user.key.1),
                None => return Ok(Err(no_user())),
            },
            For::Group(group) => match group.find(read, realm)? {
                Some(group) => Selector::Group(group.key.1),
                None => return Ok(Err(no_group())),
            },
        };
        Ok(Ok(PolicyFields { selector, ..self.fields.clone() }))
    }
}
