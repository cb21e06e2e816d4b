//! Who judges what the workload has seen. Each file is one promise; all are pure functions over records with times from
//! one clock, so that each is shown to fail in its own tests.
//!
//! An outcome without an answer, or with a 5xx, is *unknown*: it may have happened, may yet, or never.

pub(crate) mod linearizable;
pub(crate) mod single_use;
pub(crate) mod suspension;
pub(crate) mod tokens;
pub(crate) mod unavailable;
pub(crate) mod unique;

use std::time::Instant;

/// What a client knows of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It happened.
    Done,
    /// It did not, and will not.
    Refused,
    /// Nobody said.
    Unknown,
}

impl Known {
    /// What an answer says.
    pub(crate) fn of(answer: &anyhow::Result<woad_tests::Answer>) -> Self {
        match answer {
            Ok(answer) if answer.status < 400 => Self::Done,
            Ok(answer) if answer.status < 500 => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// When something was asked, and when it was answered or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
}

impl Span {
    /// Whether this began after that was over.
    pub(crate) fn after(self, other: Self) -> bool {
        self.start > other.end
    }
}

#[cfg(test)]
pub(crate) fn span(start: u64, end: u64) -> Span {
    static ZERO: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let at = |ms| *ZERO + std::time::Duration::from_millis(ms);
    Span { start: at(start), end: at(end) }
}
