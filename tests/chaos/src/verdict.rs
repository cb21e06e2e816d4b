//! How a row ends.

use std::fmt;

/// A promise that was broken, with what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Which invariant (`I4`).
    pub(crate) invariant: &'static str,
    /// What was seen.
    pub(crate) seen: String,
}

impl Violation {
    pub(crate) fn new(invariant: &'static str, seen: impl Into<String>) -> Self {
        Self { invariant, seen: seen.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.seen)
    }
}

impl std::error::Error for Violation {}

/// How a row ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The fault was there, and every promise was kept.
    Pass,
    /// Promises were broken.
    Fail(Vec<Violation>),
    /// The fault was never there, so that nothing was shown.
    NotExercised(String),
    /// It can't be tried in this environment; the list is in the repository.
    NotPossible(&'static str),
    /// The lab failed; nothing was shown.
    Broken(String),
}

impl Verdict {
    /// What the table says.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "FAIL",
            Self::NotExercised(_) => "NOT EXERCISED",
            Self::NotPossible(_) => "not possible here",
            Self::Broken(_) => "HARNESS BROKEN",
        }
    }

    /// What an error of a scenario means: a broken promise where it says so, else the lab failed.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<Violation>() {
            Some(violation) => Self::Fail(vec![violation.clone()]),
            None => Self::Broken(format!("{error:#}")),
        }
    }

    /// The exit status that it asks for.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Pass | Self::NotPossible(_) => 0,
            Self::Fail(_) | Self::NotExercised(_) => 1,
            Self::Broken(_) => 2,
        }
    }
}

/// What must succeed, or a promise is broken.
pub(crate) trait Must<T> {
    /// The value; an error becomes a violation of that invariant.
    fn must(self, invariant: &'static str, what: &str) -> anyhow::Result<T>;
}

impl<T> Must<T> for anyhow::Result<T> {
    fn must(self, invariant: &'static str, what: &str) -> anyhow::Result<T> {
        self.map_err(|error| Violation::new(invariant, format!("{what}: {error:#}")).into())
    }
}
