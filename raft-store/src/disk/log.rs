//! The Raft log and vote.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openraft::OptionalSend;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use parking_lot::Mutex;
use prost::Message;
use raft_store_core::Mutant;
use tokio::sync::oneshot;

use super::database::{Database, LOG};
use super::engine::Of;
use super::io_error;
use super::sentinel::{Present, Sentinel};
use super::sync::{SyncThread, Waiter};
use crate::convert::{log_id_from, log_id_to, malformed, record_from, record_to, vote_from, vote_to};
use crate::proto;
use crate::types::{Entry, LogId, TypeConfig, Vote};

/// Bytes of entries in one append, one entry at least (store.md 17).
const MAX_APPEND_BYTES: usize = 2 * 1024 * 1024;

struct Ends {
    purged: Option<LogId>,
    last: Option<LogId>,
}

/// The log. Cheap to clone; all clones are one log.
#[derive(Clone)]
pub(crate) struct LogStore {
    database: Arc<Database>,
    sync: Arc<SyncThread>,
    ends: Arc<Mutex<Ends>>,
    /// Bytes appended since the start, for the snapshot policy.
    appended: Arc<AtomicU64>,
    sentinel: Option<Arc<Sentinel>>,
}

impl LogStore {
    /// Opens the log.
    ///
    /// # Errors
    /// When stored ids cannot be read.
    pub(crate) fn open(database: Arc<Database>, sync: Arc<SyncThread>) -> io::Result<Self> {
        let purged = read_id(&database, "purged")?;
        let last = last_entry(&database)?;
        let ends = Ends { last: last.or(purged), purged };
        Ok(Self { database, sync, ends: Arc::new(Mutex::new(ends)), appended: Arc::default(), sentinel: None })
    }

    /// What the database holds of what a sentinel knows.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn present(database: &Database) -> io::Result<Present> {
        let last = last_entry(database)?.or(read_id(database, "purged")?);
        Ok(Present { generation: database.generation.load().number, vote: read_vote(database)?, last })
    }

    /// With a sentinel that is told of votes before they are answered, and of what was flushed.
    #[must_use]
    pub(crate) fn watched_by(self, sentinel: Arc<Sentinel>) -> Self {
        Self { sentinel: Some(sentinel), ..self }
    }

    /// Tells the sentinel how far the log is flushed, if that has moved.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn note_synced(&self) -> io::Result<()> {
        let Some(sentinel) = self.sentinel.clone() else { return Ok(()) };
        let generation = self.database.generation.load().number;
        let Some(mark) = sentinel.mark(generation, || self.last()) else { return Ok(()) };
        if !sentinel.is_news(&mark) {
            return Ok(());
        }
        self.durable().await?;
        blocking(move || sentinel.synced(mark)).await
    }

    /// The last log id, flushed or not.
    #[must_use]
    pub(crate) fn last(&self) -> Option<LogId> {
        self.ends.lock().last
    }

    /// Bytes of entries appended by this process.
    #[must_use]
    pub(crate) fn appended_bytes(&self) -> u64 {
        self.appended.load(Ordering::Relaxed)
    }

    /// The least index that was not purged.
    fn floor(&self) -> u64 {
        self.ends.lock().purged.map_or(0, |purged| purged.index + 1)
    }

    /// What was purged last, and the last entry.
    #[cfg(feature = "simulation")]
    pub(crate) fn ends(&self) -> (Option<LogId>, Option<LogId>) {
        let ends = self.ends.lock();
        (ends.purged, ends.last)
    }

    /// An entry above one that may be purged, for [`Mutant::EarlyPurge`].
    fn beyond(&self, log_id: LogId) -> io::Result<LogId> {
        let above = self.read(log_id.index + 1, None, MAX_APPEND_BYTES)?;
        Ok(above.iter().rev().nth(1).map_or(log_id, |entry| entry.log_id))
    }

    async fn durable(&self) -> io::Result<()> {
        let (sender, receiver) = oneshot::channel();
        self.sync.enqueue(Waiter::Saved(sender))?;
        receiver.await.map_err(|_| io::Error::other("the sync thread has stopped"))?
    }

    fn read(&self, from: u64, to: Option<u64>, max_bytes: usize) -> io::Result<Vec<Entry>> {
        let first = from.max(self.floor());
        let to = to.map(u64::to_be_bytes);
        let mut out: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        for pair in self.database.engine.scan(LOG, &first.to_be_bytes(), to.as_ref().map(<[u8; 8]>::as_slice))? {
            let (_, value) = pair?;
            bytes += value.len();
            if bytes > max_bytes && !out.is_empty() {
                break;
            }
            let entry = decode(&value)?;
            let follows = match out.last() {
                Some(last) => last.log_id.index + 1 == entry.log_id.index,
                // Gone meanwhile, or a log that has not begun at zero: nothing but a purge takes from the front.
                None => entry.log_id.index == first || first == 0 || entry.log_id.index <= self.floor(),
            };
            if !follows {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the log has a hole"));
            }
            out.push(entry);
        }
        Ok(out)
    }
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.map_err(io_error)?
}

fn decode(value: &[u8]) -> io::Result<Entry> {
    record_from(proto::LogRecord::decode(value).map_err(|_| malformed("log record"))?)
}

fn read_id(database: &Database, key: &str) -> io::Result<Option<LogId>> {
    let Some(bytes) = database.meta(key)? else { return Ok(None) };
    log_id_from(proto::LogId::decode(bytes.as_slice()).map_err(|_| malformed("log id"))?).map(Some)
}

fn read_vote(database: &Database) -> io::Result<Option<Vote>> {
    let Some(bytes) = database.meta("vote")? else { return Ok(None) };
    vote_from(Some(proto::Vote::decode(bytes.as_slice()).map_err(|_| malformed("vote"))?)).map(Some)
}

fn last_entry(database: &Database) -> io::Result<Option<LogId>> {
    database.engine.last(LOG)?.map(|(_, value)| Ok(decode(&value)?.log_id)).transpose()
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, Option<u64>) {
    let from = match range.start_bound() {
        Bound::Included(from) => *from,
        Bound::Excluded(from) => from + 1,
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(to) => Some(to + 1),
        Bound::Excluded(to) => Some(*to),
        Bound::Unbounded => None,
    };
    (from, to)
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> io::Result<Vec<Entry>> {
        let (from, to) = bounds(&range);
        self.read(from, to, usize::MAX)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        self.read(start, Some(end), MAX_APPEND_BYTES)
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        read_vote(&self.database)
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let ends = self.ends.lock();
        Ok(LogState { last_purged_log_id: ends.purged, last_log_id: ends.last })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        {
            let mut batch = self.database.log_batch()?;
            batch.put(Of::Second, b"vote", &vote_to(vote).encode_to_vec());
            batch.commit(false)?;
        }
        if Mutant::VoteUnsynced.lives() {
            return Ok(());
        }
        self.durable().await?;
        let Some(sentinel) = self.sentinel.clone() else { return Ok(()) };
        let vote = *vote;
        blocking(move || sentinel.voted(&vote)).await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        let mut batch = self.database.log_batch()?;
        match committed {
            Some(committed) => batch.put(Of::Second, b"committed", &log_id_to(&committed).encode_to_vec()),
            None => batch.delete(Of::Second, b"committed"),
        }
        batch.commit(false)
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        read_id(&self.database, "committed")
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut batch = self.database.log_batch()?;
        let mut last = None;
        for entry in entries {
            batch.put(Of::First, &entry.log_id.index.to_be_bytes(), &record_to(&entry).encode_to_vec());
            last = Some(entry.log_id);
        }
        self.appended.fetch_add(batch.bytes() as u64, Ordering::Relaxed);
        batch.commit(false)?;
        if last.is_some() {
            self.ends.lock().last = last;
        }
        if Mutant::AcknowledgeEarly.lives() {
            callback.io_completed(Ok(()));
            return self.sync.enqueue(Waiter::Saved(oneshot::channel().0));
        }
        self.sync.enqueue(Waiter::Appended(callback))
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> io::Result<()> {
        let from = last_log_id.map_or(0, |last| last.index + 1);
        let Some(last) = self.ends.lock().last else { return Ok(()) };
        if last.index < from {
            return Ok(());
        }
        let _changing = self.sentinel.as_ref().map(|sentinel| sentinel.truncating(last_log_id)).transpose()?;
        let mut batch = self.database.log_batch()?;
        for index in from..=last.index {
            batch.delete(Of::First, &index.to_be_bytes());
        }
        batch.commit(false)?;
        let mut ends = self.ends.lock();
        ends.last = last_log_id.or(ends.purged);
        Ok(())
    }

    async fn purge(&mut self, log_id: LogId) -> io::Result<()> {
        let _changing = self.sentinel.as_ref().map(|sentinel| sentinel.changing());
        let log_id = if Mutant::EarlyPurge.lives() { self.beyond(log_id)? } else { log_id };
        let from = self.floor();
        {
            // Before the entries go: a reader that misses them must find out that they were purged.
            let mut ends = self.ends.lock();
            ends.purged = Some(log_id);
            if ends.last.is_none_or(|last| last.index <= log_id.index) {
                ends.last = Some(log_id);
            }
        }
        {
            let mut batch = self.database.log_batch()?;
            batch.put(Of::Second, b"purged", &log_id_to(&log_id).encode_to_vec());
            batch.delete_range(Of::First, &from.to_be_bytes(), &(log_id.index + 1).to_be_bytes());
            batch.commit(false)?;
        }
        // Files go at once and for good, so what is said of them must be durable first: else a power cut leaves a hole.
        self.durable().await?;
        self.database.engine.reclaim(LOG, &log_id.index.to_be_bytes())
    }
}
