//! What a policy does, how, and to whom.

use raft_store_core::Abort;

use crate::ids::{GroupId, UserId};

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

    pub(super) const fn stored(self) -> i32 {
        match self {
            Self::Permit => 1,
            Self::Deny => 2,
        }
    }

    pub(super) fn from_stored(value: i32) -> Result<Self, Abort> {
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

    pub(super) const fn stored(self) -> i32 {
        match self {
            Self::Equal => 1,
            Self::Path => 2,
            Self::Regexp => 3,
        }
    }

    pub(super) fn from_stored(value: i32) -> Result<Self, Abort> {
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
