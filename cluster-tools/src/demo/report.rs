//! The story, as it is told on standard output.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::site::Site;

/// How often a terminal is shown that something is still being waited for.
const DOT: Duration = Duration::from_millis(500);

/// Where it goes, and how far it is.
#[derive(Clone)]
pub(super) struct Report {
    terminal: bool,
    started: Instant,
    steps: Arc<AtomicUsize>,
}

impl Default for Report {
    fn default() -> Self {
        Self { terminal: io::stdout().is_terminal(), started: Instant::now(), steps: Arc::default() }
    }
}

/// Milliseconds with one decimal, or seconds.
pub(super) fn took(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10_000.0 { format!("{millis:.1} ms") } else { format!("{:.1} s", time.as_secs_f64()) }
}

fn raw(text: &str) {
    let mut out = io::stdout().lock();
    // A reader that has gone does not end the story.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[expect(clippy::unused_self, reason = "one hand tells the whole story")]
impl Report {
    /// A line at the margin.
    pub(super) fn say(&self, text: &str) {
        raw(&format!("{text}\n"));
    }

    /// A line of a step.
    pub(super) fn line(&self, text: &str) {
        raw(&format!("   {text}\n"));
    }

    /// A step begins.
    pub(super) fn step(&self, name: &str) {
        let number = self.steps.fetch_add(1, Relaxed) + 1;
        raw(&format!("\n{number}. {name}\n"));
    }

    /// A request and its answer.
    pub(super) fn exchange(&self, site: &Site, request: &str, answer: &str, time: Duration) {
        let place = if request.contains(" /v1/") { site.socket_name() } else { site.url.clone() };
        self.line(&format!("{:>9}  {request}  to node {} ({place}): {answer}", took(time), site.number));
    }

    /// Something that is not a request, and how long it took.
    pub(super) fn event(&self, text: &str, time: Duration) {
        self.line(&format!("{:>9}  {text}", took(time)));
    }

    /// Waits, visibly.
    pub(super) async fn waiting<T>(&self, what: &str, future: impl Future<Output = T>) -> T {
        if !self.terminal {
            self.line(&format!("           {what} …"));
            return future.await;
        }
        raw(&format!("              {what} "));
        let mut dots = tokio::time::interval(DOT);
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                biased;
                done = &mut future => {
                    raw("\n");
                    return done;
                }
                _ = dots.tick() => raw("."),
            }
        }
    }

    /// Every step held.
    pub(super) fn verdict(&self) {
        let steps = self.steps.load(Relaxed);
        raw(&format!("\nAll {steps} steps held, in {:.1} s.\n", self.started.elapsed().as_secs_f64()));
    }
}
