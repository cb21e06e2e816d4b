//! How far it has got: a bar on a terminal, a line now and then elsewhere.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use parking_lot::Mutex;

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(2);
/// How often a bar is drawn.
const HERTZ: u8 = 10;
/// What is known of the end beforehand.
const BAR: &str = "{msg:12} {bar:32} {pos}/{len} {rate} {eta}";
/// And where nothing is.
const COUNTER: &str = "{msg:12} {spinner} {pos} {rate}";

/// Who is told.
pub(crate) enum Progress {
    /// People at a terminal.
    Bar(Mutex<ProgressBar>),
    /// A log.
    Lines(Mutex<Lines>),
    /// Nobody.
    Hidden,
}

/// What a log has been told.
pub(crate) struct Lines {
    tell: Box<dyn Fn(&str) + Send>,
    what: &'static str,
    done: u64,
    of: Option<u64>,
    last: Instant,
}

impl Progress {
    /// A bar if standard error is a terminal; else lines, by `tell`.
    pub(crate) fn new(tell: impl Fn(&str) + Send + 'static) -> Self {
        if !io::stderr().is_terminal() {
            let lines = Lines { tell: Box::new(tell), what: "", done: 0, of: None, last: Instant::now() };
            return Self::Lines(Mutex::new(lines));
        }
        Self::Bar(Mutex::new(ProgressBar::hidden()))
    }

    /// A part begins, of so many records if that is known.
    pub(super) fn begin(&self, what: &'static str, of: Option<u64>) {
        match self {
            Self::Bar(bar) => {
                let target = ProgressDrawTarget::stderr_with_hz(HERTZ);
                *bar.lock() = ProgressBar::with_draw_target(of, target).with_style(style(of)).with_message(what);
            }
            Self::Lines(lines) => {
                let mut lines = lines.lock();
                (lines.what, lines.done, lines.of, lines.last) = (what, 0, of, Instant::now());
            }
            Self::Hidden => {}
        }
    }

    /// Some more are done.
    pub(super) fn advance(&self, by: u64) {
        match self {
            Self::Bar(bar) => bar.lock().inc(by),
            Self::Lines(lines) => {
                let mut lines = lines.lock();
                lines.done += by;
                if lines.last.elapsed() >= LINE {
                    lines.last = Instant::now();
                    lines.write();
                }
            }
            Self::Hidden => {}
        }
    }

    /// The part is done.
    pub(super) fn end(&self) {
        match self {
            Self::Bar(bar) => bar.lock().finish_and_clear(),
            Self::Lines(lines) => lines.lock().write(),
            Self::Hidden => {}
        }
    }
}

fn style(of: Option<u64>) -> ProgressStyle {
    let style = ProgressStyle::with_template(if of.is_some() { BAR } else { COUNTER });
    let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A rate that can't be written is no loss.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate)
}

impl Lines {
    fn write(&self) {
        let of = self.of.map(|of| format!(" of {of}")).unwrap_or_default();
        (self.tell)(&format!("{}: {}{of}", self.what, self.done));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_log_gets_a_line_at_the_end_of_each_part() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let tell = Box::new(move |line: &str| log.lock().push(line.to_owned()));
        let lines = Lines { tell, what: "", done: 0, of: None, last: Instant::now() };
        let progress = Progress::Lines(Mutex::new(lines));
        for (what, of) in [("users", Some(3)), ("groups", None)] {
            progress.begin(what, of);
            progress.advance(2);
            progress.advance(1);
            progress.end();
        }
        assert_eq!(*told.lock(), ["users: 3 of 3", "groups: 3"]);
    }
}
