//! A policy as it is given, and whether it is one.

use super::kinds::{Matching, Rule, Selector};
use super::limits::{MAX_DESCRIPTION, MAX_POLICY_SCOPE, MAX_POLICY_SCOPES};
use super::matcher::{self, PolicyScopeFault};
use super::record::ScopePolicy;
use crate::text::{self, TextFault};

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
