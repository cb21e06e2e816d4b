//! Lines that are gathered for a moment and written together: a `write` for each was a twenty-fifth of what a token costs.
//!
//! A warning or an error, and whatever waits before it, is written before the call returns. Other lines are written within
//! [`WAIT`] by a thread: a process that is killed may lose what it said last. Whoever says more than the reader of the lines
//! takes has to wait, as without this.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(5);
/// Bytes that may wait; whoever adds to more writes them.
const MOST: usize = 64 * 1024;

struct Lines<W> {
    waiting: Mutex<Vec<u8>>,
    more: Condvar,
    out: Mutex<W>,
}

impl<W: Write> Lines<W> {
    /// Writes what waits. Lines keep their order: who takes some holds `out` already.
    fn write(&self) -> io::Result<()> {
        let mut out = self.out.lock();
        let lines = std::mem::take(&mut *self.waiting.lock());
        if lines.is_empty() {
            return Ok(());
        }
        out.write_all(&lines)?;
        out.flush()
    }

    /// Whether this makes lines wait that nobody has been told of, and whether they are many.
    fn add(&self, bytes: &[u8]) -> (bool, bool) {
        let mut waiting = self.waiting.lock();
        let first = waiting.is_empty();
        waiting.extend_from_slice(bytes);
        (first, waiting.len() >= MOST)
    }
}

/// Where lines go.
pub(super) struct Gathered<W>(Arc<Lines<W>>);

/// Writes what still waits when it goes.
#[must_use = "what waits when the process ends is lost without it"]
pub struct Rest(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rest")
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<W: Write + Send + 'static> Gathered<W> {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    /// When there can't be another thread.
    pub(super) fn new(out: W) -> io::Result<(Self, Rest)> {
        let lines = Arc::new(Lines { waiting: Mutex::default(), more: Condvar::new(), out: Mutex::new(out) });
        let all = Arc::clone(&lines);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                let mut waiting = all.waiting.lock();
                all.more.wait_while(&mut waiting, |waiting| waiting.is_empty());
                drop(waiting);
                std::thread::sleep(WAIT);
                // Nobody is left to tell when nobody reads the log.
                let _ = all.write();
            }
        })?;
        let rest = Arc::clone(&lines);
        Ok((
            Self(lines),
            Rest(Box::new(move || {
                let _ = rest.write();
            })),
        ))
    }
}

/// One line.
pub(super) struct Line<'a, W> {
    lines: &'a Lines<W>,
    at_once: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (first, many) = self.lines.add(bytes);
        if self.at_once || many {
            self.lines.write()?;
        } else if first {
            self.lines.more.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.write()
    }
}

impl<'a, W: Write + 'static> MakeWriter<'a> for Gathered<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Line<'a, W> {
        Line { lines: &self.0, at_once: true }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line<'a, W> {
        Line { lines: &self.0, at_once: *about.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Tells of each `write`.
    struct Told(mpsc::Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told() -> (Gathered<Told>, Rest, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::channel();
        let (gathered, rest) = Gathered::new(Told(sender)).unwrap();
        (gathered, rest, receiver)
    }

    fn line(of: &Gathered<Told>, at_once: bool) -> Line<'_, Told> {
        Line { lines: &of.0, at_once }
    }

    #[test]
    fn a_line_that_waits_is_written_by_itself() {
        let (gathered, _rest, written) = told();
        line(&gathered, false).write_all(b"one\n").unwrap();
        assert_eq!(written.recv().unwrap(), b"one\n");
        line(&gathered, false).write_all(b"two\n").unwrap();
        assert_eq!(written.recv().unwrap(), b"two\n");
    }

    #[test]
    fn an_error_is_written_at_once_behind_what_waits() {
        let (gathered, _rest, written) = told();
        let subscriber = tracing_subscriber::fmt().with_writer(gathered).without_time().with_ansi(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("first");
            tracing::error!("second");
            // No thread is waited for.
            let text: Vec<u8> = written.try_iter().flatten().collect();
            let text = String::from_utf8(text).unwrap();
            assert!(text.find("first").unwrap() < text.find("second").unwrap(), "{text}");
        });
    }

    #[test]
    fn what_waits_at_the_end_is_written() {
        let (gathered, rest, written) = told();
        line(&gathered, false).write_all(b"last\n").unwrap();
        drop(rest);
        assert_eq!(written.try_iter().flatten().collect::<Vec<u8>>(), b"last\n");
    }

    #[test]
    fn lines_of_many_threads_are_whole_and_each_thread_s_in_order() {
        const THREADS: usize = 4;
        const LINES: usize = 2_000;
        let (gathered, rest, written) = told();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let gathered = &gathered;
                scope.spawn(move || {
                    for number in 0..LINES {
                        let text = format!("{thread} {number} {}\n", "x".repeat(60));
                        line(gathered, number % 500 == 0).write_all(text.as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(rest);
        let text = String::from_utf8(written.try_iter().flatten().collect()).unwrap();
        let mut next = [0; THREADS];
        for line in text.lines() {
            let [thread, number, rest] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let thread: usize = thread.parse().unwrap();
            assert_eq!((number.parse::<usize>().unwrap(), rest.len()), (next[thread], 60));
            next[thread] += 1;
        }
        assert_eq!(next, [LINES; THREADS]);
    }
}
