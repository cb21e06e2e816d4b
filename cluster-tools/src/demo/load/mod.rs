//! A steady stream of tokens and durable writes.
//!
//! Requests go out by the clock, whether or not earlier ones have answered (up to a bound), so that a cluster that stalls
//! can't slow down those who measure it. The writes revoke tokens that the stream of tokens has just brought.

mod pace;
mod tally;
mod tokens;
mod writes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::processes::Killed;
use super::report::Report;
use super::site::Site;
use super::steps::Credentials;
use super::verify::Verifier;
pub(super) use tally::Tally;
use tally::{Event, collect};

/// From the start of the stream to the kill.
pub(super) const BEFORE: Duration = Duration::from_secs(2);
/// From the kill to the end of the stream.
pub(super) const AFTER: Duration = Duration::from_secs(10);
/// The kill itself takes some milliseconds, for which the stream goes on longer.
const SLACK: Duration = Duration::from_millis(250);
/// Requests per second at each node: a quarter above what both together must have got.
const TOKENS_PER_SECOND: u32 = 125;
const WRITES_PER_SECOND: u32 = 32;
/// Tokens that wait to be revoked: one second's worth.
const WAITING: usize = 128;

/// What every stream needs.
#[derive(Clone)]
struct Stream {
    site: Arc<Site>,
    credentials: Arc<Credentials>,
    until: Instant,
    events: mpsc::UnboundedSender<Event>,
}

/// Streams that are under way.
pub(super) struct Load {
    started: Instant,
    until: Instant,
    streams: JoinSet<()>,
    collected: JoinHandle<Tally>,
}

impl Load {
    /// Starts both streams at each of these nodes.
    pub(super) fn start(sites: &[Arc<Site>], credentials: &Credentials, verifier: &Verifier, report: &Report) -> Self {
        let started = Instant::now();
        let until = started + BEFORE + AFTER + SLACK;
        let (events, received) = mpsc::unbounded_channel();
        let credentials = Arc::new(credentials.clone());
        let verifier = Arc::new(verifier.clone());
        let mut streams = JoinSet::new();
        // A token is revoked at another node than the one that issued it.
        let others = sites.iter().cycle().skip(1);
        for (issues, revokes) in sites.iter().zip(others) {
            let (give, take) = mpsc::channel(WAITING);
            let stream = |site: &Arc<Site>| Stream {
                site: Arc::clone(site),
                credentials: Arc::clone(&credentials),
                until,
                events: events.clone(),
            };
            streams.spawn(tokens::run(stream(issues), Arc::clone(&verifier), give));
            streams.spawn(writes::run(stream(revokes), take));
        }
        let collected = tokio::spawn(collect(received, started, report.clone()));
        Self { started, until, streams, collected }
    }

    /// Waits for the end. The tally counts from the kill.
    pub(super) async fn finished(mut self, killed: Killed) -> Tally {
        while self.streams.join_next().await.is_some() {}
        let mut tally = self.collected.await.unwrap_or_default();
        tally.finish(self.until - self.started, killed);
        tally
    }
}
