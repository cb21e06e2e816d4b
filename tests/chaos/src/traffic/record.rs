//! Everything clients have seen, for the oracles to judge.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use woad_tests::Answer;

use crate::oracle::linearizable::Accesses;
use crate::oracle::single_use::Presented;
use crate::oracle::suspension::Suspension;
use crate::oracle::tokens::Life;
use crate::oracle::unique::Creations;
use crate::oracle::{Known, Span};
use crate::verdict::Violation;

/// A request whose success alone matters.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// At which node.
    pub(crate) node: usize,
    /// When.
    pub(crate) span: Span,
    /// The status, 0 where there was no answer.
    pub(crate) status: u16,
}

/// The records of one scenario.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Operations that ended, and how many of them without a known outcome.
    pub(crate) operations: usize,
    /// Of these, those nobody knows the outcome of.
    pub(crate) unknown: usize,
    /// When each write was acknowledged.
    pub(crate) acknowledged: Vec<Instant>,
    /// The same by node, for what depends on where one asks.
    pub(crate) at: BTreeMap<usize, Vec<Instant>>,
    /// Tokens asked for by a client.
    pub(crate) issues: Vec<Asked>,
    /// Signing keys asked for.
    pub(crate) keys: Vec<Asked>,
    /// Tokens and their revocations.
    pub(crate) lives: Vec<Life>,
    /// Codes and refresh tokens.
    pub(crate) presented: BTreeMap<String, Presented>,
    /// People by name.
    pub(crate) names: BTreeMap<String, Creations>,
    /// Display names of one person each, by the person's id.
    pub(crate) registers: Vec<(String, Accesses)>,
    /// People who were suspended.
    pub(crate) suspensions: Vec<Suspension>,
    /// What was seen to be wrong on the spot.
    pub(crate) found: Vec<Violation>,
}

/// Records that many tasks write.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Records>);

impl Book {
    pub(crate) fn open(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a write at a node ended; gives that back.
    pub(crate) fn wrote(&self, node: usize, span: Span, answer: &anyhow::Result<Answer>) -> Known {
        let known = Known::of(answer);
        let mut records = self.open();
        records.operations += 1;
        match known {
            Known::Done => {
                records.acknowledged.push(span.end);
                records.at.entry(node).or_default().push(span.end);
            }
            Known::Unknown => records.unknown += 1,
            Known::Refused => {}
        }
        known
    }

    /// Notes that something was read, or was not.
    pub(crate) fn read(&self, answer: &anyhow::Result<Answer>) {
        let mut records = self.open();
        records.operations += 1;
        records.unknown += usize::from(Known::of(answer) == Known::Unknown);
    }
}

/// Runs a request and tells when.
pub(crate) async fn timed<T>(request: impl Future<Output = T>) -> (Span, T) {
    let start = Instant::now();
    let answer = request.await;
    (Span { start, end: Instant::now() }, answer)
}
