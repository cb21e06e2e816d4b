//! What the streams came to.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::demo::processes::Killed;
use crate::demo::report::Report;

/// How often the story says how the streams are getting on.
const PROGRESS: Duration = Duration::from_secs(3);

/// Something that happened in a stream.
pub(super) enum Event {
    /// A token request has ended. `took` counts from when it was due.
    Token { took: Duration, failure: Option<String> },
    /// A token that nobody will revoke.
    Kept(String),
    /// A write goes out for the first time.
    WriteSent,
    /// It goes out again, for its outcome is not known.
    WriteAgain,
    /// It is durable.
    Acknowledged { token: String, sent: Instant, at: Instant },
    /// It was given up.
    Unacknowledged,
    /// A node refused it.
    WriteRefused(String),
}

/// Token requests.
#[derive(Default)]
pub(in crate::demo) struct Tokens {
    pub(in crate::demo) sent: usize,
    pub(in crate::demo) failures: Vec<String>,
    took: Vec<Duration>,
}

impl Tokens {
    /// The time within which this part of the requests ended, the failed ones included.
    pub(in crate::demo) fn latency(&self, part: f64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list of some thousands"
        )]
        let place = ((self.took.len().saturating_sub(1)) as f64 * part).round() as usize;
        self.took.get(place).copied().unwrap_or_default()
    }
}

/// Everything that happened.
#[derive(Default)]
pub(in crate::demo) struct Tally {
    pub(in crate::demo) tokens: Tokens,
    /// Tokens whose revocation was acknowledged.
    pub(in crate::demo) acknowledged: Vec<String>,
    /// Tokens that nobody revoked.
    pub(in crate::demo) kept: Vec<String>,
    pub(in crate::demo) writes_sent: usize,
    pub(in crate::demo) writes_again: usize,
    pub(in crate::demo) unacknowledged: usize,
    pub(in crate::demo) write_failures: Vec<String>,
    /// From the kill to the first acknowledgement of a write that was sent after it.
    pub(in crate::demo) resumed: Option<Duration>,
    times: Vec<(Instant, Instant)>,
    length: Duration,
}

impl Tally {
    fn add(&mut self, event: Event) {
        match event {
            Event::Token { took, failure } => {
                self.tokens.sent += 1;
                self.tokens.took.push(took);
                self.tokens.failures.extend(failure);
            }
            Event::Kept(token) => self.kept.push(token),
            Event::WriteSent => self.writes_sent += 1,
            Event::WriteAgain => self.writes_again += 1,
            Event::Acknowledged { token, sent, at } => {
                self.acknowledged.push(token);
                self.times.push((sent, at));
            }
            Event::Unacknowledged => self.unacknowledged += 1,
            Event::WriteRefused(why) => self.write_failures.push(why),
        }
    }

    /// Works out what depends on all events.
    pub(super) fn finish(&mut self, length: Duration, killed: Killed) {
        self.length = length;
        self.tokens.took.sort_unstable();
        let after = self.times.iter().filter(|(sent, _)| *sent >= killed.dead).map(|(_, at)| *at).min();
        self.resumed = after.map(|at| at - killed.signalled);
    }

    /// Requests of the streams, per second.
    pub(in crate::demo) fn per_second(&self, requests: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let requests = requests as f64;
        requests / self.length.as_secs_f64().max(f64::EPSILON)
    }
}

/// Gathers events until the last stream has ended, and says now and then how it goes.
pub(super) async fn collect(mut events: mpsc::UnboundedReceiver<Event>, started: Instant, report: Report) -> Tally {
    let mut tally = Tally::default();
    let mut next = started + PROGRESS;
    while let Some(event) = events.recv().await {
        tally.add(event);
        if Instant::now() >= next {
            report.line(&format!(
                "           {:>2} s: {} token requests, {} failed; {} writes acknowledged",
                started.elapsed().as_secs(),
                tally.tokens.sent,
                tally.tokens.failures.len(),
                tally.acknowledged.len()
            ));
            next += PROGRESS;
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_writes_sent_after_the_death_show_that_writes_go_on() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut tally = Tally::default();
        for (sent, at) in [(0, 5), (90, 130), (115, 900), (200, 700)] {
            tally.add(Event::Acknowledged { token: String::new(), sent: after(sent), at: after(at) });
        }
        tally.finish(Duration::from_secs(1), Killed { signalled: after(100), dead: after(110) });
        assert_eq!(tally.resumed, Some(Duration::from_millis(600)));
    }

    #[test]
    fn latencies_are_parts_of_all_requests() {
        let mut tally = Tally::default();
        for ms in (1..=101).rev() {
            tally.add(Event::Token { took: Duration::from_millis(ms), failure: (ms == 7).then(|| "no".to_owned()) });
        }
        let now = Instant::now();
        tally.finish(Duration::from_secs(2), Killed { signalled: now, dead: now });
        let ms = [0.0, 0.5, 0.99, 1.0].map(|part| tally.tokens.latency(part).as_millis());
        assert_eq!(ms, [1, 51, 100, 101]);
        assert_eq!(tally.tokens.failures.len(), 1);
        assert!((tally.per_second(tally.tokens.sent) - 50.5).abs() < 1e-9);
    }
}
