//! Hashing a state that is held while the node goes on.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use raft_store_core::Revision;
use raft_store_core::agreement::Finding;
use tokio::sync::mpsc;

use crate::machine::{Shared, digest_of, scrub_log};

/// Work between two rests: short against a request's time.
const SLICE: Duration = Duration::from_millis(4);
/// How much longer it rests than it worked: a quarter of one core and of the disk is the most it takes.
const REST: u32 = 3;
/// A rest is no longer than this, whatever the slice took, so that a stop is noticed.
const LONGEST_REST: Duration = Duration::from_millis(50);

/// What this node found at a round's index.
#[derive(Clone, Debug)]
pub(crate) struct Hashed {
    pub(crate) index: Revision,
    pub(crate) found: Finding,
    pub(crate) took: Duration,
}

/// Hashes in the background, the newest round only.
pub(crate) struct Hasher {
    newest: AtomicU64,
    stopped: AtomicBool,
    running: Mutex<Option<JoinHandle<()>>>,
    results: mpsc::UnboundedSender<Hashed>,
    /// Taken by who answers.
    pub(crate) found: Mutex<Option<mpsc::UnboundedReceiver<Hashed>>>,
}

impl Default for Hasher {
    fn default() -> Self {
        let (results, found) = mpsc::unbounded_channel();
        Self {
            newest: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            running: Mutex::default(),
            results,
            found: Mutex::new(Some(found)),
        }
    }
}

impl Hasher {
    /// Holds the state as it is now, at `index`, and hashes it in the background. Returns once it is held, which takes
    /// as long as starting a thread. An older round's hash is given up.
    pub(crate) fn hash_here(shared: &Arc<Shared>, index: Revision) {
        let this = &shared.hasher;
        this.newest.store(index.0, Ordering::SeqCst);
        if !shared.env.has_threads() {
            return Self::hash(shared, index, || (), &mut Unmetered);
        }
        let (held, holds) = sync_channel::<()>(0);
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("hash".to_owned()).spawn(move || {
            let mut pace = Pace { goes_on: || shared.hasher.goes_on(index), since: Instant::now() };
            let held = || {
                // An error: apply waits no more.
                let _ = held.send(());
            };
            Self::hash(&shared, index, held, &mut pace);
        });
        match thread {
            Ok(thread) => {
                // An error: the thread is gone already.
                let _ = holds.recv();
                *this.running.lock() = Some(thread);
            }
            Err(error) => tracing::error!(%error, "no thread to hash the state on; this node does not answer"),
        }
    }

    /// Hashes the state as it is when this is called; says so once it is held.
    fn hash(shared: &Shared, index: Revision, held: impl FnOnce(), meter: &mut impl Meter) {
        let started = shared.env.boot();
        let view = shared.view();
        held();
        let read = || -> io::Result<Option<[u8; 32]>> {
            let Some(digest) = digest_of(&view?, meter)? else { return Ok(None) };
            Ok(scrub_log(shared, meter)?.then_some(digest))
        };
        let found = match read() {
            Ok(Some(digest)) => Finding::Digest(digest),
            Ok(None) => return,
            Err(error) => Finding::Unreadable(error.to_string()),
        };
        let took = shared.env.boot().saturating_sub(started);
        // Nobody listens any more when the node stops.
        drop(shared.hasher.results.send(Hashed { index, found, took }));
    }

    fn goes_on(&self, index: Revision) -> bool {
        self.newest.load(Ordering::SeqCst) == index.0 && !self.stopped.load(Ordering::SeqCst)
    }

    /// Gives up what is under way and waits for it to let go of its view.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.running.lock().take() {
            drop(thread.join());
        }
    }
}

/// Works a little, rests more.
struct Pace<F> {
    goes_on: F,
    since: Instant,
}

/// Asked between small pieces of a long reading.
pub(crate) trait Meter {
    /// Rests if it is time to, and says whether to go on.
    fn meter(&mut self) -> ControlFlow<()>;
}

impl<F: FnMut() -> bool> Meter for Pace<F> {
    fn meter(&mut self) -> ControlFlow<()> {
        let worked = self.since.elapsed();
        if worked >= SLICE {
            if !(self.goes_on)() {
                return ControlFlow::Break(());
            }
            std::thread::sleep((worked * REST).min(LONGEST_REST));
            self.since = Instant::now();
        }
        ControlFlow::Continue(())
    }
}

/// Never rests.
pub(crate) struct Unmetered;

impl Meter for Unmetered {
    fn meter(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
