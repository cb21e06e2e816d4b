//! Entries over a few keys, many of them: they meet each other's records, attempts come twice, time passes.

use std::collections::{BTreeMap, BTreeSet};

use raft_store_core::apply::Applied;
use raft_store_core::check::check;
use raft_store_core::kv::ReadKv;
use raft_store_core::layout::{self, Kind, RowValue};
use raft_store_core::sweep::{self, Sweepable};
use raft_store_core::wire::{At, AuditEvent, DeleteIf, Entry, Guard, IndexPut, Mutation, Put, guard, mutation};
use raft_store_core::{AttemptId, IndexId, MarkerId, SetId, Space, TableId, Timestamp};

use crate::Target;
use crate::replica::Replica;
use crate::script::Script;

/// See [`target`].
pub const TARGET: Target = Target { name: "entry_script", run: target, seeds, words: &[], rounds: 1500 };

const TABLE: TableId = TableId(7);
/// Entries of one input.
const MOST: usize = 64;

fn seeds() -> Vec<Vec<u8>> {
    let mut rng = crate::mutate::Rng::new(1);
    (0..8).map(|_| (0..200).map(|_| rng.number().to_le_bytes()[0]).collect()).collect()
}

fn row(script: &mut Script<'_>) -> Vec<u8> {
    layout::row_key(TABLE, &[b'a' + script.below(4)])
}

fn index(script: &mut Script<'_>) -> Vec<u8> {
    layout::index_key(IndexId(4), &[b'a' + script.below(3)])
}

fn counter(script: &mut Script<'_>) -> Vec<u8> {
    match script.below(2) {
        0 => layout::epoch_key(SetId(3), b"s"),
        _ => layout::marker_key(MarkerId(5), b"m"),
    }
}

fn revision(script: &mut Script<'_>, at: u64) -> u64 {
    at.saturating_sub(u64::from(script.below(4)))
}

fn guard(script: &mut Script<'_>, at: u64, now: u64) -> guard::Kind {
    let near = now.saturating_add(u64::from(script.byte())).saturating_sub(20);
    match script.below(8) {
        0..3 => guard::Kind::Unchanged(At { key: row(script), revision: revision(script, at) }),
        3 => guard::Kind::Unchanged(At { key: counter(script), revision: revision(script, at) }),
        4 => guard::Kind::Absent(row(script)),
        5 => guard::Kind::Absent(index(script)),
        6 => guard::Kind::Before(near),
        _ => guard::Kind::NotBefore(near),
    }
}

fn expiry(script: &mut Script<'_>, now: u64) -> u64 {
    match script.below(8) {
        0..4 => 0,
        4 => u64::MAX,
        _ => now.saturating_add(u64::from(script.byte()) * 100),
    }
}

fn change(script: &mut Script<'_>, at: u64, now: u64) -> mutation::Kind {
    match script.below(8) {
        0..3 => mutation::Kind::Put(Put { key: row(script), fields: script.bytes(6).to_vec(), expires_ms: expiry(script, now) }),
        3 => mutation::Kind::Delete(row(script)),
        4 => mutation::Kind::IndexPut(IndexPut { key: index(script), of: vec![b'a'] }),
        5 => mutation::Kind::IndexDelete(index(script)),
        6 => mutation::Kind::Touch(counter(script)),
        _ => mutation::Kind::DeleteIf(DeleteIf {
            key: row(script),
            revision: revision(script, at),
            not_before_ms: now.saturating_sub(u64::from(script.byte())),
            index_entries: (0..script.below(3)).map(|_| index(script)).collect(),
        }),
    }
}

fn entry(script: &mut Script<'_>, at: u64, now: &mut u64) -> Entry {
    // Mostly a little later, sometimes past all retention, sometimes back.
    *now = match script.below(16) {
        0 => now.saturating_add(100_000),
        1 => now.saturating_sub(50),
        _ => now.saturating_add(u64::from(script.byte())),
    };
    let guards = (0..script.below(3)).map(|_| Guard { kind: Some(guard(script, at, *now)) }).collect();
    let mutations = (0..script.below(4)).map(|_| Mutation { kind: Some(change(script, at, *now)) }).collect();
    let audit = (0..script.below(2)).map(|_| AuditEvent { chain: "vo".into(), body: script.bytes(3).to_vec() }).collect();
    Entry {
        attempt: vec![script.below(24); 16],
        deadline_ms: now.saturating_add(100).saturating_sub(u64::from(script.below(2)) * 200),
        level: if script.below(12) == 0 { 2 } else { 1 },
        guards,
        mutations,
        audit,
        stamp_ms: *now,
        origin: 1,
    }
}

/// The expiry index names the records that expire, and no other.
fn expiry_is_consistent(kv: &dyn ReadKv) {
    let rows = kv.prefix(Space::State, &[Kind::Row as u8]).unwrap();
    let expected: BTreeSet<Vec<u8>> = rows
        .iter()
        .filter_map(|(key, value)| Some(layout::expiry_key(RowValue::parse(value).unwrap().expires?, key)))
        .collect();
    let found: BTreeSet<Vec<u8>> =
        kv.prefix(Space::State, &[Kind::Expiry as u8]).unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(expected, found, "the expiry index follows the records");
}

fn sweeps_to_the_end(replica: &mut Replica) {
    let table = Sweepable { table: TABLE.0, entries: |_, _| Ok(Vec::new()) };
    for round in 0..4_u8 {
        let now = replica.position.clock.plus_ms(1_000_000);
        let attempt = AttemptId([200 + round; 16]);
        let level = replica.position.level.0;
        let step = sweep::step(&replica.kv.snapshot(), &[table], level, now, attempt, now.plus_ms(1000));
        let Some(mut entry) = step.expect("the sweep finds its way") else { return };
        entry.stamp_ms = now.0;
        check(&entry, |table| table == TABLE).expect("a sweep's entry passes");
        replica.apply(&[entry]).unwrap();
        expiry_is_consistent(&replica.kv.snapshot());
    }
    panic!("the sweep does not end");
}

/// Entries that are read out of the bytes: three replicas, one that takes them at once, one that takes them one by
/// one, one that starts anew after each, come to the same state and said the same.
pub fn target(data: &[u8]) {
    let mut script = Script::new(data);
    let (mut entries, mut now) = (Vec::new(), 1_000_000_u64);
    while !script.is_over() && entries.len() < MOST {
        let entry = entry(&mut script, entries.len() as u64, &mut now);
        check(&entry, |table| table == TABLE).expect("made well-formed");
        entries.push(entry);
    }
    if entries.is_empty() {
        return;
    }
    let (mut whole, mut single, mut restarted) = (Replica::new(), Replica::new(), Replica::new());
    let said = whole.apply(&entries).unwrap();
    let one_by_one: Vec<Applied> = entries.iter().flat_map(|entry| single.apply(std::slice::from_ref(entry)).unwrap()).collect();
    assert_eq!(said, one_by_one, "batches change nothing");
    let mut anew = Vec::new();
    for entry in &entries {
        anew.extend(restarted.apply(std::slice::from_ref(entry)).unwrap());
        restarted = restarted.restarted();
    }
    assert_eq!(said, anew, "restarts change nothing");
    assert_eq!(whole.dump(), single.dump());
    assert_eq!(whole.dump(), restarted.dump());
    once_each(&said);
    expiry_is_consistent(&whole.kv.snapshot());
    sweeps_to_the_end(&mut whole);
}

/// A duplicate says what was said before, and the clock never runs back.
fn once_each(said: &[Applied]) {
    let mut known: BTreeMap<[u8; 16], &Applied> = BTreeMap::new();
    let mut clock = Timestamp(0);
    for applied in said {
        if applied.duplicate {
            let first = known.get(&applied.attempt.0).expect("a duplicate has a first");
            assert_eq!((&applied.verdict, applied.index, applied.stamp), (&first.verdict, first.index, first.stamp));
        } else {
            assert!(applied.stamp >= clock, "stamps never fall");
            clock = applied.stamp;
            known.insert(applied.attempt.0, applied);
        }
    }
}
