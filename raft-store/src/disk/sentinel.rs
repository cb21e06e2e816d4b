//! The sentinel: what this node has promised, in a file outside RocksDB (store.md 15).
//!
//! Two slots of 4 KiB are written in turn, each with a sequence number and a checksum, each write flushed by itself.
//! A slot that is damaged, or was torn by a power cut, leaves the other: what it lacks was not answered yet.
//!
//! The sentinel never runs ahead of the database: a vote is flushed there, then here, then answered; a log id is noted
//! once the flush that covers it has ended; and before the log is cut back the note is. So a crash between the two
//! writes leaves the database ahead, which is no fault, and a database that is *behind* has lost what was flushed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use prost::Message;
use raft_store_core::Mutant;

use crate::convert::{log_id_to, optional_log_id_from, vote_from, vote_to};
use crate::proto;
use crate::types::{LogId, Vote};

/// Its name in the data folder.
pub(crate) const FILE: &str = "sentinel";
/// Bytes of a slot: a block of the disk, so that one write tears one slot at most.
const SLOT: usize = 4096;
/// A slot begins with it. The last letter is the layout's version.
const MAGIC: &[u8; 8] = b"woadsnt1";
/// Characters kept of a fault's description: it must fit its slot.
const FAULT_TEXT: usize = 1024;

/// What a slot holds.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(string, tag = "2")]
    cluster: String,
    #[prost(uint64, tag = "3")]
    node: u64,
    #[prost(uint64, tag = "4")]
    generation: u64,
    #[prost(message, optional, tag = "5")]
    vote: Option<proto::Vote>,
    #[prost(message, optional, tag = "6")]
    last: Option<proto::LogId>,
    /// Why this node must not serve again with this data; empty: nothing.
    #[prost(string, tag = "7")]
    fault: String,
}

/// Why a data folder must not be served from.
#[derive(Debug, thiserror::Error)]
pub enum SentinelError {
    /// The file system.
    #[error("the sentinel {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none.
    #[error("the sentinel {0} is missing")]
    Missing(PathBuf),
    /// Nothing in it can be trusted.
    #[error("both slots of the sentinel {0} are damaged")]
    Damaged(PathBuf),
    /// The folder is another node's.
    #[error("the sentinel {path} is of node {found}")]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: String,
    },
    /// The database has lost what it had flushed.
    #[error("the database is behind the sentinel {path}: {what}")]
    Behind {
        /// The file.
        path: PathBuf,
        /// What was lost.
        what: String,
    },
    /// Damage was found before.
    #[error("the sentinel {path} says: {fault}")]
    Faulted {
        /// The file.
        path: PathBuf,
        /// What was found.
        fault: String,
    },
}

/// What the database holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    pub(crate) generation: u64,
    pub(crate) vote: Option<Vote>,
    pub(crate) last: Option<LogId>,
}

/// What is to be noted once a flush that begins after it was taken has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Of [`Sentinel::changes`].
    change: u64,
    last: Option<LogId>,
    generation: u64,
}

/// The open sentinel of a data folder.
pub(crate) struct Sentinel {
    path: PathBuf,
    written: Mutex<Written>,
    /// Odd while the log is cut back or purged.
    changes: AtomicU64,
}

struct Written {
    file: File,
    record: Record,
}

/// While it lives, the end of the log is not what it will be.
pub(crate) struct Changing<'a>(&'a Sentinel);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
    }
}

fn encode(record: &Record) -> io::Result<Vec<u8>> {
    let body = record.encode_to_vec();
    let length = u32::try_from(body.len()).map_err(io::Error::other)?.to_be_bytes();
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&length), &body).to_be_bytes();
    let mut slot = [MAGIC.as_slice(), &length, &checksum, &body].concat();
    if slot.len() > SLOT {
        return Err(io::Error::other("the sentinel's record does not fit its slot"));
    }
    slot.resize(SLOT, 0);
    Ok(slot)
}

fn decode(slot: &[u8]) -> Option<Record> {
    let (magic, rest) = slot.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let body = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let expected = crc32c::crc32c_append(crc32c::crc32c(length), body);
    if magic != MAGIC || u32::from_be_bytes(*checksum) != expected {
        return None;
    }
    Record::decode(body).ok()
}

impl Written {
    /// Replaces the older slot, flushed. The record counts only once that has worked.
    fn write(&mut self, mut record: Record) -> io::Result<()> {
        record.sequence = self.record.sequence + 1;
        let slot = encode(&record)?;
        self.file.write_all_at(&slot, record.sequence % 2 * SLOT as u64)?;
        self.file.sync_data()?;
        self.record = record;
        Ok(())
    }
}

impl Sentinel {
    fn over(path: PathBuf, file: File, record: Record) -> Self {
        Self { path, written: Mutex::new(Written { file, record }), changes: AtomicU64::new(0) }
    }

    /// Makes the sentinel of a new member; replaces one that an interrupted join has left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn create(folder: &Path, cluster: &str, node: u64) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).read(true).mode(0o600).open(&path)?;
        file.write_all_at(&vec![0; 2 * SLOT], 0)?;
        let sentinel = Self::over(path, file, Record::default());
        {
            let mut written = sentinel.written.lock();
            let record = Record { cluster: cluster.to_owned(), node, ..Record::default() };
            written.write(record.clone())?;
            written.write(record)?;
            written.file.sync_all()?;
        }
        File::open(folder)?.sync_all()?;
        Ok(sentinel)
    }

    /// Opens the sentinel of a member.
    ///
    /// # Errors
    /// When it is missing or holds nothing that can be trusted.
    pub(crate) fn open(folder: &Path) -> Result<Self, SentinelError> {
        let path = folder.join(FILE);
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => SentinelError::Missing(path.clone()),
            _ => SentinelError::Io { path: path.clone(), source },
        };
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        let mut slots = [None, None];
        for (place, slot) in slots.iter_mut().enumerate() {
            let mut bytes = vec![0; SLOT];
            match file.read_exact_at(&mut bytes, (place * SLOT) as u64) {
                Ok(()) => *slot = decode(&bytes),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => tracing::error!(%error, place, "a slot of the sentinel cannot be read"),
            }
            if slot.is_none() {
                tracing::error!(path = %path.display(), place, "a slot of the sentinel is damaged; the other one counts");
            }
        }
        let record = slots.into_iter().flatten().max_by_key(|record| record.sequence);
        let record = record.ok_or_else(|| SentinelError::Damaged(path.clone()))?;
        Ok(Self::over(path, file, record))
    }

    /// Compares with what the database holds.
    ///
    /// # Errors
    /// When the folder must not be served from.
    pub(crate) fn compare(&self, cluster: &str, node: u64, present: &Present) -> Result<(), SentinelError> {
        let record = self.written.lock().record.clone();
        if record.cluster != cluster || record.node != node {
            let found = format!("{} of cluster {}", record.node, record.cluster);
            return Err(SentinelError::Owner { path: self.path.clone(), found });
        }
        if !record.fault.is_empty() {
            return Err(SentinelError::Faulted { path: self.path.clone(), fault: record.fault });
        }
        match lost(&record, present) {
            Some(what) if !Mutant::SentinelIgnored.lives() => {
                Err(SentinelError::Behind { path: self.path.clone(), what })
            }
            _ => Ok(()),
        }
    }

    /// Notes a vote that the database has flushed. Returns once it is flushed here, too.
    ///
    /// # Errors
    /// When the disk cannot promise it: the vote must not be answered.
    pub(crate) fn voted(&self, vote: &Vote) -> io::Result<()> {
        let mut written = self.written.lock();
        let record = Record { vote: Some(vote_to(vote)), ..written.record.clone() };
        if record == written.record { Ok(()) } else { written.write(record) }
    }

    /// To be taken before a flush begins. `None` while the end of the log changes. `last` is read after the count.
    pub(crate) fn mark(&self, generation: u64, last: impl FnOnce() -> Option<LogId>) -> Option<Mark> {
        let change = self.changes.load(Ordering::SeqCst);
        change.is_multiple_of(2).then(|| Mark { change, last: last(), generation })
    }

    /// Whether noting it would change anything, as far as that can be told without waiting for the disk.
    pub(crate) fn is_news(&self, mark: &Mark) -> bool {
        let Some(written) = self.written.try_lock() else { return false };
        written.record.last != mark.last.as_ref().map(log_id_to) || written.record.generation != mark.generation
    }

    /// Notes that the flush has ended. Nothing is written when nothing moved, or the log was cut back meanwhile.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn synced(&self, mark: Mark) -> io::Result<()> {
        let mut written = self.written.lock();
        if self.changes.load(Ordering::SeqCst) != mark.change {
            return Ok(());
        }
        let last = mark.last.as_ref().map(log_id_to);
        let record = Record { last, generation: mark.generation, ..written.record.clone() };
        if record == written.record { Ok(()) } else { written.write(record) }
    }

    /// To be held while the log is purged: its end may be set before that is written.
    pub(crate) fn changing(&self) -> Changing<'_> {
        let _written = self.written.lock();
        self.changes.fetch_add(1, Ordering::SeqCst);
        Changing(self)
    }

    /// To be held while the log is cut back to `last`: what is noted beyond it is taken back first, flushed.
    ///
    /// # Errors
    /// When the disk fails: the log must stay as it is.
    pub(crate) fn truncating(&self, last: Option<LogId>) -> io::Result<Changing<'_>> {
        let changing = self.changing();
        let mut written = self.written.lock();
        let noted = optional_log_id_from(written.record.last)?;
        if noted > last {
            let record = Record { last: last.as_ref().map(log_id_to), ..written.record.clone() };
            written.write(record)?;
        }
        drop(written);
        Ok(changing)
    }

    /// Notes that this data must not be served from any more.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn faulted(&self, fault: &str) -> io::Result<()> {
        let mut written = self.written.lock();
        let fault: String = fault.chars().take(FAULT_TEXT).collect();
        let record = Record { fault, ..written.record.clone() };
        written.write(record)
    }
}

/// What the database has lost, in words.
fn lost(record: &Record, present: &Present) -> Option<String> {
    let vote = record.vote.map(|vote| vote_from(Some(vote)));
    let last = optional_log_id_from(record.last);
    let (Ok(vote), Ok(last)) = (vote.transpose(), last) else {
        return Some("its record cannot be read".to_owned());
    };
    if let Some(noted) = vote
        && present.vote.is_none_or(|stored| stored < noted)
    {
        let stored = present.vote.map_or_else(|| "none".to_owned(), |stored| stored.to_string());
        return Some(format!("vote {noted} was promised, {stored} is stored"));
    }
    if let Some(noted) = last
        && present.last.is_none_or(|stored| stored < noted)
    {
        let stored = present.last.map_or_else(|| "nothing".to_owned(), |stored| stored.to_string());
        return Some(format!("log entry {noted} was flushed, the log ends with {stored}"));
    }
    (present.generation < record.generation)
        .then(|| format!("generation {} was in use, {} is stored", record.generation, present.generation))
}

#[cfg(test)]
#[path = "sentinel_test.rs"]
mod tests;
