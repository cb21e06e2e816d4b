//! Failures of the store, as callers see them.

use std::time::Duration;

use http::StatusCode;
use raft_store_core::StoreError;

/// What to say when the store gave no answer. Says whether something may have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
    pub(super) retry_after: Option<u64>,
}

impl Unavailable {
    const fn new(kind: &'static str, text: &'static str) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, kind, text, retry_after: Some(1) }
    }

    /// More is asked for at once than this node does.
    pub const BUSY: Self = Self::new("busy", "Too many requests of this kind at once, nothing happened");
    /// Something that is always there was not: randomness, a thread.
    pub(crate) const NOT_NOW: Self = Self::new("unavailable", "Not possible now, nothing happened");
}

impl Unavailable {
    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What to say.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// After how many seconds to try again, where that may help.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }
}

/// A client that waits longer has given up.
const LONGEST_RETRY_SECONDS: u64 = 60;

/// `Retry-After` counts whole seconds, and zero would invite a storm.
fn seconds(retry: Duration) -> u64 {
    let started = u64::from(retry.subsec_nanos() > 0);
    retry.as_secs().saturating_add(started).clamp(1, LONGEST_RETRY_SECONDS)
}

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotDone { retry } => Self {
                retry_after: Some(seconds(retry)),
                ..Self::new("unavailable", "No quorum answers, nothing happened")
            },
            StoreError::Contended => Self::new("contended", "Too much contention, nothing happened"),
            StoreError::Sealed => Self::new("sealed", "This node is sealed, nothing happened"),
            StoreError::Stopped => Self::new("stopped", "This node is stopping"),
            StoreError::Unknown { .. } => {
                Self::new("outcome-unknown", "Whether it happened is not known, it may yet happen")
            }
            StoreError::Full => Self {
                status: StatusCode::INSUFFICIENT_STORAGE,
                retry_after: None,
                ..Self::new("full", "Storage is full, nothing happened")
            },
            StoreError::TooLarge => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                retry_after: None,
                ..Self::new("too-large", "Too much for one transaction, nothing happened")
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raft_store_core::AttemptId;

    #[test]
    fn every_store_error_has_its_status() {
        let not_done = StoreError::NotDone { retry: Duration::from_millis(1200) };
        let table = [
            (not_done, 503, Some(2)),
            (StoreError::NotDone { retry: Duration::ZERO }, 503, Some(1)),
            (StoreError::Contended, 503, Some(1)),
            (StoreError::Unknown { attempt: AttemptId([0; 16]) }, 503, Some(1)),
            (StoreError::Sealed, 503, Some(1)),
            (StoreError::Stopped, 503, Some(1)),
            (StoreError::Full, 507, None),
            (StoreError::TooLarge, 413, None),
        ];
        for (error, status, retry) in table {
            let unavailable = Unavailable::from(error.clone());
            assert_eq!((unavailable.status.as_u16(), unavailable.retry_after), (status, retry), "{error}");
        }
    }
}
