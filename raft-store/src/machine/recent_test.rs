//! What is known of values read lately shortens answers and never changes one: one history, applied and read with it and
//! without, on RocksDB (store.md 6).

use std::sync::Arc;

use openraft::EntryPayload;
use openraft::storage::RaftStateMachine;
use openraft::vote::RaftLeaderId;
use proptest::prelude::*;
use prost::Message;
use raft_store_core::apply::Position;
use raft_store_core::memory::PlainSealer;
use raft_store_core::{MarkerId, ReadKv, Space, TableId, layout, wire};
use tempfile::TempDir;

use super::{Machine, digest};
use crate::disk::{Database, Generation, StateView};
use crate::env::SharedEnv;
use crate::types::{Entry, LeaderId, LogId, Proposal};

const KEYS: u8 = 5;

#[derive(Clone, Debug)]
enum Guard {
    /// The record is as it was at this share of the history so far.
    Unchanged(u8, prop::sample::Index),
    Absent(u8),
}

#[derive(Clone, Debug)]
enum Change {
    Put(u8, u8, bool),
    Delete(u8),
    Touch(u8),
}

#[derive(Clone, Debug)]
enum Step {
    /// Entries applied as one chunk.
    Apply(Vec<(Vec<Guard>, Vec<Change>)>),
    /// A view is opened and kept.
    Look,
    /// A key is read in one of the views that are kept, or in a new one.
    Read(u8, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS;
    let any_key = || 0..2 * KEYS;
    let guard = prop_oneof![
        3 => (any_key(), any::<prop::sample::Index>()).prop_map(|(key, at)| Guard::Unchanged(key, at)),
        1 => any_key().prop_map(Guard::Absent),
    ];
    let change = prop_oneof![
        4 => (key(), any::<u8>(), any::<bool>()).prop_map(|(key, value, expires)| Change::Put(key, value, expires)),
        1 => key().prop_map(Change::Delete),
        1 => (KEYS..2 * KEYS).prop_map(Change::Touch),
    ];
    let entry = (prop::collection::vec(guard, 0..3), prop::collection::vec(change, 0..3));
    prop_oneof![
        2 => prop::collection::vec(entry, 1..6).prop_map(Step::Apply),
        1 => Just(Step::Look),
        4 => (any_key(), any::<prop::sample::Index>()).prop_map(|(key, view)| Step::Read(key, view)),
    ]
}

/// Of a record, and from [`KEYS`] on of a marker.
fn key(number: u8) -> Vec<u8> {
    if number < KEYS { layout::row_key(TableId(900), &[number]) } else { layout::marker_key(MarkerId(900), &[number]) }
}

fn entry(index: u64, guards: &[Guard], changes: &[Change]) -> Entry {
    let guards = guards.iter().map(|guard| match guard {
        Guard::Unchanged(number, at) => wire::guard::Kind::Unchanged(wire::At {
            key: key(*number),
            revision: 1 + at.index(usize::try_from(index).unwrap()) as u64,
        }),
        Guard::Absent(number) => wire::guard::Kind::Absent(key(*number)),
    });
    let mutations = changes.iter().map(|change| match change {
        Change::Put(number, value, expires) => {
            let expires_ms = if *expires { 5_000 } else { 0 };
            wire::mutation::Kind::Put(wire::Put { key: key(*number), fields: vec![*value; 30], expires_ms })
        }
        Change::Delete(number) => wire::mutation::Kind::Delete(key(*number)),
        Change::Touch(number) => wire::mutation::Kind::Touch(key(*number)),
    });
    let transaction = wire::Entry {
        attempt: u128::from(index).to_be_bytes().to_vec(),
        deadline_ms: 1_000_000,
        level: 1,
        guards: guards.map(|kind| wire::Guard { kind: Some(kind) }).collect(),
        mutations: mutations.map(|kind| wire::Mutation { kind: Some(kind) }).collect(),
        stamp_ms: 1_000 + index,
        origin: 1,
        ..wire::Entry::default()
    };
    let payload = EntryPayload::Normal(Proposal(transaction.encode_to_vec().into()));
    Entry { log_id: LogId::new(LeaderId::new(1, 1), index), payload }
}

struct Replica {
    _folder: TempDir,
    machine: Machine,
}

impl Replica {
    fn new(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Arc::new(Database::open(folder.path()).unwrap());
        database.generation.store(Arc::new(Generation::keeping(1, bytes)));
        let machine = Machine::open(database, SharedEnv::system(), Arc::new(PlainSealer)).unwrap();
        Self { _folder: folder, machine }
    }

    async fn apply(&mut self, entries: Vec<Entry>) {
        let entries: Vec<_> = entries.into_iter().map(|entry| Ok((entry, None))).collect();
        self.machine.apply(futures::stream::iter(entries)).await.unwrap();
    }
}

fn read(view: &StateView<'_>, number: u8) -> Option<Vec<u8>> {
    view.get(Space::State, &key(number)).unwrap()
}

async fn run(steps: Vec<Step>) {
    let (mut with, mut without) = (Replica::new(64 * 1024), Replica::new(0));
    let databases = [&with, &without].map(|replica| Arc::clone(&replica.machine.0.database));
    let [of_with, of_without] = &databases;
    let mut views = Vec::new();
    let mut index = 0;
    for step in steps {
        match step {
            Step::Apply(entries) => {
                let made: Vec<Entry> = (index + 1..)
                    .zip(&entries)
                    .map(|(index, (guards, changes))| entry(index, guards, changes))
                    .collect();
                index += made.len() as u64;
                with.apply(made.clone()).await;
                without.apply(made).await;
            }
            Step::Look => {
                views.push((StateView::open(of_with).unwrap(), StateView::open(of_without).unwrap()));
            }
            Step::Read(number, view) => {
                let at = view.index(views.len() + 1);
                let (one, other) = match views.get(at) {
                    Some((one, other)) => (read(one, number), read(other, number)),
                    None => (
                        read(&StateView::open(of_with).unwrap(), number),
                        read(&StateView::open(of_without).unwrap(), number),
                    ),
                };
                assert_eq!(one, other, "key {number} in view {at} of {} at {index}", views.len());
            }
        }
    }
    for number in 0..2 * KEYS {
        for (one, other) in &views {
            assert_eq!(read(one, number), read(other, number));
        }
    }
    drop(views);
    assert_eq!(digest(&with.machine.0).unwrap(), digest(&without.machine.0).unwrap());
    let stats = |replica: &Replica| {
        let stats = &replica.machine.0.stats;
        (stats.entries.get(), stats.conflicts.get(), stats.duplicates.get())
    };
    assert_eq!(stats(&with), stats(&without));
    for database in &databases {
        database.close();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn one_history_gives_one_answer_with_and_without_what_was_read_lately(steps in prop::collection::vec(step(), 1..60)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}

/// Every entry writes the same record, so each view, whenever it is opened, must show its own revision there.
#[test]
fn views_opened_while_entries_are_applied_see_their_own_revision() {
    const ENTRIES: u64 = 1_500;
    let mut replica = Replica::new(64 * 1024);
    let database = Arc::clone(&replica.machine.0.database);
    let entries = (1..=ENTRIES).map(|index| entry(index, &[], &[Change::Put(0, 1, false)]));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| {
        let look = || {
            let mut seen = 0;
            while seen < ENTRIES {
                let view = StateView::open(&database).unwrap();
                seen = Position::read(&view).unwrap().applied.0;
                for _ in 0..2 {
                    let written = read(&view, 0).as_deref().and_then(layout::revision_of).map_or(0, |at| at.0);
                    assert_eq!(written, seen);
                }
            }
        };
        scope.spawn(look);
        scope.spawn(look);
        for entry in entries {
            runtime.block_on(replica.apply(vec![entry]));
        }
    });
    database.close();
}
