//! The log across restarts, crashes and damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openraft::storage::{IOFlushed, RaftLogReader, RaftLogStorage, RaftStateMachine};
use openraft::vote::RaftLeaderId;
use openraft::{EntryPayload, LogState};
use prost::Message;
use raft_store_core::memory::PlainSealer;
use raft_store_core::{Revision, TableId, layout, wire};
use tempfile::TempDir;

use super::{Database, LogStore, Of, SyncThread};
use crate::env::SharedEnv;
use crate::machine::{Machine, digest};
use crate::types::{Entry, LeaderId, LogId, Proposal, TypeConfig, Vote};

/// One node's storage, without Raft.
struct Disk {
    database: Arc<Database>,
    sync: Arc<SyncThread>,
    log: LogStore,
    machine: Machine,
}

impl Disk {
    fn open(folder: &Path) -> std::io::Result<Self> {
        let database = Arc::new(Database::open(folder).map_err(std::io::Error::other)?);
        let sync = SyncThread::start(Arc::clone(&database), None)?;
        let log = LogStore::open(Arc::clone(&database), Arc::clone(&sync))?;
        let machine = Machine::open(Arc::clone(&database), SharedEnv::system(), Arc::new(PlainSealer))?;
        Ok(Self { database, sync, log, machine })
    }

    fn close(self) {
        self.sync.stop();
        self.database.close();
    }

    async fn append(&mut self, term: u64, from: u64, to: u64) {
        let entries: Vec<Entry> = (from..to).map(|index| entry(term, index)).collect();
        self.log.append(entries, IOFlushed::noop()).await.unwrap();
    }

    async fn apply(&mut self, term: u64, from: u64, to: u64) {
        let entries: Vec<_> = (from..to).map(|index| Ok((entry(term, index), None))).collect();
        self.machine.apply(futures::stream::iter(entries)).await.unwrap();
    }

    async fn state(&mut self) -> LogState<TypeConfig> {
        self.log.get_log_state().await.unwrap()
    }

    async fn entries(&mut self) -> Vec<(u64, u64)> {
        let entries = self.log.try_get_log_entries(..).await.unwrap();
        entries.iter().map(|entry| (entry.log_id.leader_id.term, entry.log_id.index)).collect()
    }
}

fn id(term: u64, index: u64) -> LogId {
    LogId::new(LeaderId::new(term, 1), index)
}

/// Writes one record, its own, so that the state tells which entries it holds.
fn entry(term: u64, index: u64) -> Entry {
    let key = layout::row_key(TableId(900), &index.to_be_bytes());
    let put = wire::mutation::Kind::Put(wire::Put { key, fields: index.to_be_bytes().to_vec(), expires_ms: 0 });
    let transaction = wire::Entry {
        attempt: u128::from(index).to_be_bytes().to_vec(),
        deadline_ms: 1_000_000,
        level: 1,
        mutations: vec![wire::Mutation { kind: Some(put) }],
        stamp_ms: 1_000 + index,
        origin: 1,
        ..wire::Entry::default()
    };
    Entry { log_id: id(term, index), payload: EntryPayload::Normal(Proposal(transaction.encode_to_vec().into())) }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn wal(folder: &Path) -> PathBuf {
    let logs = fs::read_dir(folder.join("db")).unwrap().map(|entry| entry.unwrap().path());
    logs.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max().unwrap()
}

#[tokio::test]
async fn what_was_truncated_stays_gone_and_what_replaced_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(folder.path()).unwrap();
    disk.append(1, 1, 11).await;
    disk.log.truncate_after(Some(id(1, 6))).await.unwrap();
    assert_eq!(disk.state().await.last_log_id, Some(id(1, 6)));
    disk.append(2, 7, 9).await;
    disk.log.save_vote(&Vote::new(2, 1)).await.unwrap();
    disk.close();

    let mut disk = Disk::open(folder.path()).unwrap();
    let wanted: Vec<(u64, u64)> = (1..7).map(|index| (1, index)).chain([(2, 7), (2, 8)]).collect();
    assert_eq!(disk.entries().await, wanted);
    assert_eq!(disk.state().await.last_log_id, Some(id(2, 8)));
    assert_eq!(disk.log.read_vote().await.unwrap(), Some(Vote::new(2, 1)));
    disk.log.truncate_after(None).await.unwrap();
    assert_eq!(disk.state().await.last_log_id, None);
    disk.close();
}

#[tokio::test]
async fn a_purged_log_begins_after_what_was_purged() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(folder.path()).unwrap();
    disk.append(1, 1, 101).await;
    disk.log.purge(id(1, 40)).await.unwrap();
    disk.close();
    let mut disk = Disk::open(folder.path()).unwrap();
    assert_eq!(disk.entries().await.first(), Some(&(1, 41)));
    let state = disk.state().await;
    assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(id(1, 40)), Some(id(1, 100))));
    disk.log.purge(id(1, 100)).await.unwrap();
    assert_eq!(disk.entries().await, []);
    assert_eq!(disk.state().await.last_log_id, Some(id(1, 100)));
    disk.close();
    let mut disk = Disk::open(folder.path()).unwrap();
    assert_eq!(disk.state().await.last_log_id, Some(id(1, 100)));
    disk.close();
}

#[tokio::test]
async fn a_hole_in_the_log_is_an_error_and_never_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(folder.path()).unwrap();
    disk.append(1, 1, 21).await;
    disk.log.purge(id(1, 5)).await.unwrap();
    let remove = |index: u64| {
        let mut batch = disk.database.log_batch().unwrap();
        batch.delete(Of::First, &index.to_be_bytes());
        batch.commit(false).unwrap();
    };
    remove(12);
    remove(6);
    let mut reader = disk.log.clone();
    assert!(reader.try_get_log_entries(10..15).await.is_err());
    assert!(reader.try_get_log_entries(6..8).await.is_err());
    assert!(reader.limited_get_log_entries(6, 8).await.is_err());
    assert_eq!(reader.try_get_log_entries(13..15).await.unwrap().len(), 2);
    disk.close();
}

/// A life of appends, applies, a purge and votes, as it lies in the write-ahead log, unflushed.
async fn life() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(folder.path()).unwrap();
    for step in 0..20 {
        let from = 1 + step * 5;
        disk.append(1, from, from + 5).await;
        disk.log.save_committed(Some(id(1, from + 4))).await.unwrap();
        disk.apply(1, from, from + 5).await;
        if step % 4 == 3 {
            disk.log.purge(id(1, from - 5)).await.unwrap();
            disk.log.save_vote(&Vote::new(step, 1)).await.unwrap();
        }
    }
    let copied = tempfile::tempdir().unwrap();
    disk.log.save_vote(&Vote::new(99, 1)).await.unwrap();
    copy(folder.path(), copied.path());
    disk.close();
    copied
}

/// The digest of the state after each index, from a replica that nothing happens to.
async fn prefixes(to: u64) -> Vec<(Revision, [u8; 32])> {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(folder.path()).unwrap();
    let mut out = vec![digest(&disk.machine.0).unwrap()];
    for index in 1..to {
        disk.apply(1, index, index + 1).await;
        out.push(digest(&disk.machine.0).unwrap());
    }
    disk.close();
    out
}

#[tokio::test]
async fn whatever_tail_of_the_write_ahead_log_is_lost_a_consistent_prefix_is_left() {
    let lived = life().await;
    let states = prefixes(101).await;
    let length = fs::metadata(wal(lived.path())).unwrap().len();
    // Odd steps hit every kind of record at every kind of place.
    for cut in (0..=24).map(|step| length * step / 24 + step % 7).filter(|cut| *cut <= length) {
        let folder = tempfile::tempdir().unwrap();
        copy(lived.path(), folder.path());
        fs::OpenOptions::new().write(true).open(wal(folder.path())).unwrap().set_len(cut).unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        let state = disk.state().await;
        let purged = state.last_purged_log_id.map_or(0, |id| id.index);
        let last = state.last_log_id.map_or(0, |id| id.index);
        let found = digest(&disk.machine.0).unwrap();
        let applied = found.0.0;
        assert!(purged <= applied && applied <= last, "cut at {cut}: {purged} <= {applied} <= {last}");
        let committed = disk.log.read_committed().await.unwrap().map_or(0, |id| id.index);
        assert!(applied <= committed && committed <= last, "cut at {cut}");
        let wanted: Vec<(u64, u64)> = (purged + 1..=last).map(|index| (1, index)).collect();
        assert_eq!(disk.entries().await, wanted, "cut at {cut}");
        assert_eq!(found, states[usize::try_from(applied).unwrap()], "cut at {cut}");
        // And it goes on from there.
        disk.append(2, last + 1, last + 3).await;
        assert_eq!(disk.state().await.last_log_id, Some(id(2, last + 2)));
        disk.close();
    }
}

#[tokio::test]
async fn damage_inside_the_synced_part_is_refused_at_open() {
    let lived = life().await;
    let length = usize::try_from(fs::metadata(wal(lived.path())).unwrap().len()).unwrap();
    for at in [length / 5, length / 2, length * 3 / 4] {
        let folder = tempfile::tempdir().unwrap();
        copy(lived.path(), folder.path());
        let path = wal(folder.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        assert!(Disk::open(folder.path()).is_err(), "flipped at {at} of {length}");
    }
}
