//! Which policy decides a scope for a person.

use raft_store_core::{Abort, Read};

use super::kinds::{Rule, Selector};
use super::matcher::Matcher;
use super::record::PolicyId;
use crate::ids::{GroupId, RealmId, UserId};
use crate::scope::Scope;

/// Where a policy stands; asked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Policies of the person.
    Account,
    /// Policies of any group of the person; all groups count alike.
    Group,
    /// Policies for everybody.
    Default,
}

impl Level {
    const ALL: [Self; 3] = [Self::Account, Self::Group, Self::Default];

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Group => "group",
            Self::Default => "default",
        }
    }
}

/// The policy that decided a scope: of those of its level that match and say the same, the one of the lowest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// Where it stands.
    pub level: Level,
    /// Which.
    pub policy: PolicyId,
    /// What it says.
    pub rule: Rule,
}

struct Policy {
    level: Level,
    id: PolicyId,
    rule: Rule,
    matcher: Matcher,
}

/// The policies that concern one person.
pub(crate) struct Policies(Vec<Policy>);

impl Policies {
    /// Reads them. `groups` are those that the person is in.
    pub(crate) fn of(read: &impl Read, realm: &RealmId, user: UserId, groups: &[GroupId]) -> Result<Self, Abort> {
        let mut policies = Vec::new();
        for stored in super::list(read, realm)? {
            let level = match stored.row.selector()? {
                Selector::Account(account) if account == user => Level::Account,
                Selector::Group(group) if groups.contains(&group) => Level::Group,
                Selector::Everybody => Level::Default,
                Selector::Account(_) | Selector::Group(_) => continue,
            };
            let (rule, matcher) = (stored.row.rule()?, Matcher::of(&stored.row)?);
            policies.push(Policy { level, id: stored.key.1, rule, matcher });
        }
        Ok(Self(policies))
    }

    /// Which policy decides this canonical scope; `None`: none does, and it is not given.
    pub(crate) fn decide(&self, scope: &Scope) -> Option<DecidedBy> {
        Level::ALL.into_iter().find_map(|level| {
            let says = |rule| {
                let mut of_level = self.0.iter().filter(|policy| policy.level == level && policy.rule == rule);
                of_level.find(|policy| policy.matcher.matches(rule, scope))
            };
            let policy = says(Rule::Deny).or_else(|| says(Rule::Permit))?;
            Some(DecidedBy { level, policy: policy.id, rule: policy.rule })
        })
    }
}
