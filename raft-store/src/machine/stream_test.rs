//! Damage to a snapshot on its way, and to the folder it is installed into.

use std::path::Path;

use openraft::EntryPayload;
use openraft::storage::RaftStateMachine;
use openraft::vote::RaftLeaderId;
use prost::Message;
use raft_store_core::memory::PlainSealer;
use raft_store_core::{TableId, layout, wire};
use tempfile::TempDir;

use super::snapshot::{self, SnapshotSource};
use super::stream::{Chunks, Heading, Received, meta_of};
use super::{Machine, digest};
use crate::disk::{Database, Folder, SharedVolume};
use crate::env::SharedEnv;
use crate::proto::{Pair, SnapshotChunk, SnapshotRun, SnapshotTrailer, snapshot_chunk::Part};
use crate::types::{Entry, LeaderId, LogId, Proposal, SnapshotMeta, Vote};

type Damage = fn(&mut Vec<SnapshotChunk>);

struct Replica {
    folder: TempDir,
    machine: Machine,
}

fn open(folder: &Path) -> Machine {
    let database = std::sync::Arc::new(Database::open(folder).unwrap());
    Machine::open(database, SharedEnv::system(), std::sync::Arc::new(PlainSealer)).unwrap()
}

impl Replica {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { machine: open(folder.path()), folder }
    }

    /// Entries `from..to` of one history; each writes a record of its own.
    async fn apply(&mut self, from: u64, to: u64) {
        let entries: Vec<_> = (from..to).map(|index| Ok((entry(index), None))).collect();
        self.machine.apply(futures::stream::iter(entries)).await.unwrap();
    }

    fn sent(&self) -> (SnapshotMeta, Vec<SnapshotChunk>) {
        let snapshot = snapshot::build(&self.machine.0).unwrap();
        let heading = Heading { vote: Vote::new(1, 1), meta: snapshot.meta.clone(), cluster_id: "cluster".to_owned() };
        let mut sent = Vec::new();
        let mut chunks = Chunks::open(&snapshot.snapshot, &heading).unwrap();
        while let Some(chunk) = chunks.next().unwrap() {
            sent.push(chunk);
        }
        (snapshot.meta, sent)
    }

    fn reopen(self) -> Self {
        self.machine.0.database.close();
        drop(self.machine);
        Self { machine: open(self.folder.path()), folder: self.folder }
    }
}

fn entry(index: u64) -> Entry {
    let key = layout::row_key(TableId(900), &index.to_be_bytes());
    let put = wire::mutation::Kind::Put(wire::Put { key, fields: vec![7; 100], expires_ms: 0 });
    let transaction = wire::Entry {
        attempt: u128::from(index).to_be_bytes().to_vec(),
        deadline_ms: 10_000,
        level: 1,
        mutations: vec![wire::Mutation { kind: Some(put) }],
        stamp_ms: 1_000 + index,
        origin: 1,
        ..wire::Entry::default()
    };
    let payload = EntryPayload::Normal(Proposal(transaction.encode_to_vec().into()));
    Entry { log_id: LogId::new(LeaderId::new(1, 1), index), payload }
}

fn volume() -> SharedVolume {
    std::sync::Arc::new(Folder)
}

fn take(data: &Path, meta: &SnapshotMeta, sent: &[SnapshotChunk]) -> std::io::Result<SnapshotSource> {
    let mut received = Received::start(&volume(), data, meta)?;
    for chunk in sent {
        match chunk.part.clone().unwrap() {
            Part::Header(header) => assert_eq!(meta_of(&header)?.1.last_log_id, meta.last_log_id),
            Part::Run(run) => received.run(&run)?,
            Part::Trailer(trailer) => return received.finish(&trailer),
        }
    }
    panic!("no trailer");
}

fn runs(sent: &mut [SnapshotChunk]) -> Vec<&mut SnapshotRun> {
    sent.iter_mut()
        .filter_map(|chunk| match chunk.part.as_mut() {
            Some(Part::Run(run)) => Some(run),
            _ => None,
        })
        .collect()
}

fn trailer(sent: &mut [SnapshotChunk]) -> &mut SnapshotTrailer {
    match sent.last_mut().unwrap().part.as_mut() {
        Some(Part::Trailer(trailer)) => trailer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_installed_snapshot_is_the_sender_s_state_and_survives_a_restart() {
    let (mut from, mut to) = (Replica::new(), Replica::new());
    from.apply(1, 301).await;
    to.apply(1, 20).await;
    let (meta, sent) = from.sent();
    let source = take(to.folder.path(), &meta, &sent).unwrap();
    to.machine.install_snapshot(&meta, source).await.unwrap();
    assert_eq!(digest(&to.machine.0).unwrap(), digest(&from.machine.0).unwrap());
    let mut to = to.reopen();
    assert_eq!(digest(&to.machine.0).unwrap(), digest(&from.machine.0).unwrap());
    from.apply(301, 310).await;
    to.apply(301, 310).await;
    assert_eq!(digest(&to.machine.0).unwrap(), digest(&from.machine.0).unwrap());
}

#[tokio::test]
async fn a_damaged_stream_is_refused_and_nothing_is_left_of_it() {
    let (mut from, to) = (Replica::new(), Replica::new());
    from.apply(1, 301).await;
    let (meta, sound) = from.sent();
    let before = digest(&to.machine.0).unwrap();

    let damages: [(&str, Damage); 9] = [
        ("a flipped bit", |sent| runs(sent)[0].pairs[1].value[0] ^= 1),
        ("a wrong checksum", |sent| runs(sent)[0].crc32c ^= 1),
        ("a pair out of order", |sent| runs(sent)[0].pairs.swap(0, 1)),
        ("an unknown family", |sent| runs(sent)[0].family = 3),
        ("families out of order", |sent| sent.swap(1, 2)),
        ("an empty run", |sent| sent.insert(1, SnapshotChunk { part: Some(Part::Run(SnapshotRun::default())) })),
        ("a run left out", |sent| drop(sent.remove(2))),
        ("another count", |sent| trailer(sent).pairs += 1),
        ("another digest", |sent| trailer(sent).sha256[0] ^= 1),
    ];
    for (what, damage) in damages {
        let mut sent = sound.clone();
        damage(&mut sent);
        let refused = take(to.folder.path(), &meta, &sent);
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidData, "{what}");
        let left = std::fs::read_dir(to.folder.path().join("staged")).unwrap().count();
        assert_eq!(left, 0, "{what}");
    }
    assert_eq!(digest(&to.machine.0).unwrap(), before);
}

#[tokio::test]
async fn runs_reordered_under_sound_checksums_are_refused_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut received = Received::start(&volume(), folder.path(), &SnapshotMeta::default()).unwrap();
    let pair = |key: &[u8]| Pair { key: key.to_vec(), value: Vec::new() };
    let mut run = SnapshotRun { family: 1, pairs: vec![pair(b"b"), pair(b"a")], crc32c: 0 };
    run.crc32c = super::stream::crc(&run);
    assert!(received.run(&run).is_err());
}

#[tokio::test]
async fn a_state_elsewhere_than_its_header_says_is_refused() {
    let (mut from, to) = (Replica::new(), Replica::new());
    from.apply(1, 50).await;
    let (mut meta, sent) = from.sent();
    meta.last_log_id = Some(LogId::new(LeaderId::new(1, 1), 60));
    let mut received = Received::start(&volume(), to.folder.path(), &meta).unwrap();
    let mut parts = sent.into_iter().skip(1).map(|chunk| chunk.part.unwrap());
    let refused = loop {
        match parts.next().unwrap() {
            Part::Run(run) => received.run(&run).unwrap(),
            Part::Trailer(trailer) => break received.finish(&trailer),
            Part::Header(_) => unreachable!(),
        }
    };
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_transfer_that_broke_does_not_disturb_the_next() {
    let (mut from, mut to) = (Replica::new(), Replica::new());
    from.apply(1, 50).await;
    let (meta, sent) = from.sent();
    let mut broken = Received::start(&volume(), to.folder.path(), &meta).unwrap();
    let source = take(to.folder.path(), &meta, &sent).unwrap();
    broken.run(runs(&mut sent.clone())[0]).unwrap();
    drop(broken);
    to.machine.install_snapshot(&meta, source).await.unwrap();
    assert_eq!(digest(&to.machine.0).unwrap(), digest(&from.machine.0).unwrap());
}

#[tokio::test]
async fn a_crash_between_staging_and_switch_leaves_the_old_state() {
    let (mut from, mut to) = (Replica::new(), Replica::new());
    from.apply(1, 301).await;
    to.apply(1, 20).await;
    let before = digest(&to.machine.0).unwrap();
    let (meta, sent) = from.sent();
    let source = take(to.folder.path(), &meta, &sent).unwrap();
    // All that an install does before it switches.
    let database = &to.machine.0.database;
    let next = database.generation.load().next();
    database.create_generation(&next).unwrap();
    {
        let staged = super::stream::stage(&volume(), to.folder.path(), source, &meta).unwrap();
        database.engine.ingest(next.state(), &super::stream::state_file(&staged)).unwrap();
        std::mem::forget(staged);
    }
    let to = to.reopen();
    assert_eq!(digest(&to.machine.0).unwrap(), before);
    let families = to.machine.0.database.engine.families().unwrap();
    assert!(!families.iter().any(|family| family == next.state()), "the unfinished generation is gone");
    assert!(!to.folder.path().join("staged").exists());
}

#[tokio::test]
async fn snapshots_built_at_once_do_not_disturb_each_other() {
    let mut from = Replica::new();
    for round in 0..4 {
        from.apply(1 + round * 10, 11 + round * 10).await;
        let build = || {
            let shared = std::sync::Arc::clone(&from.machine.0);
            std::thread::spawn(move || snapshot::build(&shared).map(|built| built.meta.last_log_id))
        };
        let both = [build(), build()];
        for built in both {
            assert_eq!(built.join().unwrap().unwrap().unwrap().index, 10 + round * 10);
        }
    }
}
