//! A proposal from another node: what the leader lets pass, every replica applies, and to the same effect.

use prost::Message;
use raft_store_core::check::check;
use raft_store_core::wire::{At, AuditEvent, DeleteIf, Entry, Guard, IndexPut, Mutation, Put, guard, mutation};
use raft_store_core::{IndexId, MarkerId, SetId, TableId, layout};

use crate::Target;
use crate::replica::Replica;

/// See [`target`].
pub const TARGET: Target = Target { name: "entry", run: target, seeds, words: &[], rounds: 3000 };

fn row(key: &[u8]) -> Vec<u8> {
    layout::row_key(TableId(7), key)
}

fn entry(attempt: u8, guards: Vec<guard::Kind>, mutations: Vec<mutation::Kind>) -> Entry {
    Entry {
        attempt: vec![attempt; 16],
        deadline_ms: 10_000,
        level: 1,
        guards: guards.into_iter().map(|kind| Guard { kind: Some(kind) }).collect(),
        mutations: mutations.into_iter().map(|kind| Mutation { kind: Some(kind) }).collect(),
        stamp_ms: 5000,
        origin: 1,
        ..Entry::default()
    }
}

/// What the state holds before.
fn first() -> Entry {
    let put = |key: &[u8], expires_ms| mutation::Kind::Put(Put { key: row(key), fields: b"old".to_vec(), expires_ms });
    let touch = mutation::Kind::Touch(layout::epoch_key(SetId(3), b"s"));
    let mut first = entry(9, Vec::new(), vec![put(b"a", 0), put(b"b", 7000), touch]);
    first.audit = vec![AuditEvent { chain: "vo".into(), body: b"begun".to_vec() }];
    first
}

fn seeds() -> Vec<Vec<u8>> {
    let unchanged = |key, revision| guard::Kind::Unchanged(At { key, revision });
    let put = mutation::Kind::Put(Put { key: row(b"a"), fields: b"new".to_vec(), expires_ms: 9000 });
    let gone = DeleteIf { key: row(b"b"), revision: 1, not_before_ms: 5000, index_entries: vec![layout::index_key(IndexId(4), b"i")] };
    let index = IndexPut { key: layout::index_key(IndexId(4), b"i"), of: b"a".to_vec() };
    let mut said = entry(3, vec![guard::Kind::Before(6000), guard::Kind::NotBefore(4000)], vec![mutation::Kind::Level(1)]);
    said.audit = vec![AuditEvent { chain: String::new(), body: vec![1] }, AuditEvent { chain: "vo".into(), body: Vec::new() }];
    [
        first(),
        said,
        entry(1, vec![unchanged(row(b"a"), 1), guard::Kind::Absent(row(b"c"))], vec![put, mutation::Kind::IndexPut(index)]),
        entry(2, vec![unchanged(row(b"b"), 2)], vec![mutation::Kind::Delete(row(b"b"))]),
        entry(4, Vec::new(), vec![mutation::Kind::DeleteIf(gone), mutation::Kind::Touch(layout::marker_key(MarkerId(5), b"m"))]),
        entry(5, Vec::new(), vec![mutation::Kind::IndexDelete(layout::index_key(IndexId(4), b"i"))]),
    ]
    .map(|entry| entry.encode_to_vec())
    .to_vec()
}

/// Any bytes: no entry, one that the leader refuses, or one that applies equally everywhere and once.
pub fn target(data: &[u8]) {
    let Ok(entry) = Entry::decode(data) else { return };
    let again = Entry::decode(entry.encode_to_vec().as_slice()).expect("an entry decodes from its own bytes");
    assert!(again == entry, "an entry is the same after a journey");
    if check(&entry, |table| table == TableId(7)).is_err() {
        return;
    }
    let (mut one, mut other) = (Replica::new(), Replica::new());
    one.apply(&[first()]).unwrap();
    let together = other.apply(&[first(), entry.clone(), entry.clone()]).expect("what was checked is understood");
    let mut one = one.restarted();
    let applied = one.apply(std::slice::from_ref(&entry)).expect("what was checked is understood").remove(0);
    assert_eq!(applied, together[1], "the result is the log's alone");
    let mut one = one.restarted();
    let repeated = one.apply(&[entry]).expect("what was checked is understood").remove(0);
    assert!(repeated.duplicate, "an attempt takes effect once");
    assert_eq!((&repeated.verdict, repeated.attempt), (&applied.verdict, applied.attempt), "and says so again");
    assert_eq!(repeated, together[2]);
    assert_eq!(one.dump(), other.dump(), "replicas agree");
}
