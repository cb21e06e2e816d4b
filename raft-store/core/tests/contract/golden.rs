//! The bytes of log and disk. A change here is a change of format: it needs a cluster level, not a new golden file.

use prost::Message;
use raft_store_core::apply::{Position, Verdict};
use raft_store_core::audit::{self, Head};
use raft_store_core::layout;
use raft_store_core::wire::{
    At, AuditErase, AuditEvent, AuditPrune, DeleteIf, Entry, Guard, IndexPut, Mutation, OutcomeRecord, Put, guard,
    mutation,
};
use raft_store_core::{IndexId, Key, Level, MarkerId, Revision, SetId, Space, TableId, Timestamp, Tx, kv};

use crate::replica::{Replica, stamped};
use crate::tables::{Account, Accounts, LastUse, LastUses, NotBefore, account, key};

const GOLDEN: &str = include_str!("golden.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

fn assert_golden(name: &str, bytes: &[u8]) {
    let line = format!("{name} {}", hex(bytes));
    assert!(GOLDEN.lines().any(|golden| golden == line), "not in golden.txt:\n{line}");
}

fn entry() -> Entry {
    let row = layout::row_key(TableId(900), b"k");
    let index = layout::index_key(IndexId(901), b"i");
    let guards = [
        guard::Kind::Unchanged(At { key: row.clone(), revision: 300 }),
        guard::Kind::Absent(index.clone()),
        guard::Kind::Before(1_700_000_000_000),
        guard::Kind::NotBefore(1_600_000_000_000),
    ];
    let gone =
        DeleteIf { key: row.clone(), revision: 300, not_before_ms: 5, index_entries: vec![index.clone(), vec![9]] };
    let mutations = [
        mutation::Kind::Put(Put { key: row.clone(), fields: b"fields".to_vec(), expires_ms: 1_700_000_000_000 }),
        mutation::Kind::Delete(row),
        mutation::Kind::IndexPut(IndexPut { key: index.clone(), of: b"k".to_vec() }),
        mutation::Kind::IndexDelete(index),
        mutation::Kind::Touch(layout::epoch_key(SetId(902), b"p")),
        mutation::Kind::DeleteIf(gone),
        mutation::Kind::Level(2),
        mutation::Kind::AuditPrune(AuditPrune {
            chain: "r".to_owned(),
            from: 1,
            through: 256,
            checkpoint: b"signed".to_vec(),
        }),
        mutation::Kind::AuditErase(AuditErase { chain: "r".to_owned(), number: 300 }),
    ];
    Entry {
        attempt: (0..16).collect(),
        deadline_ms: 1_700_000_005_000,
        level: 1,
        guards: guards.map(|kind| Guard { kind: Some(kind) }).to_vec(),
        mutations: mutations.map(|kind| Mutation { kind: Some(kind) }).to_vec(),
        audit: vec![AuditEvent { chain: "r".to_owned(), body: b"event".to_vec() }],
        stamp_ms: 1_700_000_000_001,
        origin: 3,
    }
}

#[test]
fn entries() {
    let entry = entry();
    for guard in &entry.guards {
        let kind = guard.kind.as_ref().unwrap();
        let name = match kind {
            guard::Kind::Unchanged(_) => "guard.unchanged",
            guard::Kind::Absent(_) => "guard.absent",
            guard::Kind::Before(_) => "guard.before",
            guard::Kind::NotBefore(_) => "guard.not_before",
        };
        assert_golden(name, &guard.encode_to_vec());
    }
    for change in &entry.mutations {
        let name = match change.kind.as_ref().unwrap() {
            mutation::Kind::Put(_) => "mutation.put",
            mutation::Kind::Delete(_) => "mutation.delete",
            mutation::Kind::IndexPut(_) => "mutation.index_put",
            mutation::Kind::IndexDelete(_) => "mutation.index_delete",
            mutation::Kind::Touch(_) => "mutation.touch",
            mutation::Kind::DeleteIf(_) => "mutation.delete_if",
            mutation::Kind::Level(_) => "mutation.level",
            mutation::Kind::AuditPrune(_) => "mutation.audit_prune",
            mutation::Kind::AuditErase(_) => "mutation.audit_erase",
        };
        assert_golden(name, &change.encode_to_vec());
    }
    let bytes = entry.encode_to_vec();
    assert_golden("entry", &bytes);
    assert_eq!(Entry::decode(bytes.as_slice()).unwrap(), entry);
}

#[test]
fn outcomes() {
    let record =
        OutcomeRecord { attempt: vec![7; 16], stamp_ms: 1_700_000_000_001, verdict: 2, conflict: vec![1, 3, 132] };
    assert_golden("outcome", &record.encode_to_vec());
}

#[test]
fn verdicts_as_apply_writes_them() {
    let mut replica = Replica::new();
    let create = |tx: &mut Tx<'_>| tx.insert::<Accounts>(key(1), Account { expires_ms: Some(1_500), ..account("a") });
    let stale = replica.entry(2, 1_000, 9_000, create);
    let late = replica.entry(3, 1_000, 1_001, create);
    replica.commit(1, 1_000, create).0.unwrap();
    let reader = replica.entry(4, 1_100, 9_000, |tx| raft_store_core::Read::get::<Accounts>(tx, &key(1)));
    let other_level = Entry { level: 9, ..reader.clone() };
    let verdicts = [
        replica.apply_one(&stamped(&stale, 1_000)).verdict,
        replica.apply_one(&stamped(&late, 1_600)).verdict,
        replica.apply_one(&stamped(&Entry { attempt: vec![5; 16], ..other_level }, 1_600)).verdict,
        replica.apply_one(&stamped(&reader, 1_600)).verdict,
    ];
    assert!(matches!(verdicts, [Verdict::Conflict(_), Verdict::Late, Verdict::LevelChanged, Verdict::TimeGuard]));
    for (space, key, value) in replica.kv.dump() {
        if space == Space::Outcomes {
            assert_golden(&format!("stored.{}", hex(&key)), &value);
        }
    }
}

#[test]
fn physical_keys() {
    assert_golden("key.meta", &layout::meta_key("position"));
    assert_golden("key.row", &layout::row_key(TableId(0x0102), b"k"));
    assert_golden("key.index", &layout::index_key(IndexId(0x0102), b"k"));
    assert_golden("key.epoch", &layout::epoch_key(SetId(0x0102), b"k"));
    assert_golden("key.marker", &layout::marker_key(MarkerId(0x0102), b"k"));
    assert_golden("key.expiry", &layout::expiry_key(Timestamp(0x0102_0304), &layout::row_key(TableId(0x0102), b"k")));
    assert_golden("key.audit_head", &audit::head_key("re"));
    assert_golden("key.audit_base", &audit::base_key("re"));
    assert_golden("key.audit_event", &audit::event_key("re", 258));
    assert_golden("key.audit_cluster", &audit::event_key("", 1));
}

#[test]
fn values() {
    assert_golden("value.row", &layout::row_value(Revision(258), Some(Timestamp(0x0304)), b"fields"));
    assert_golden("value.row_without_expiry", &layout::row_value(Revision(258), None, b"fields"));
    assert_golden("value.index", &layout::index_value(Revision(258), b"k"));
    let digest = |stamp, body: &[u8]| audit::digest(Timestamp(stamp), audit::body_digest(body));
    let head = Head::EMPTY.extend(Revision(1), digest(3, b"one")).extend(Revision(258), digest(4, b"event"));
    let event = audit::StoredEvent {
        number: 2,
        index: Revision(258),
        stamp: Timestamp(4),
        body_digest: audit::body_digest(b"event"),
        head: head.digest,
        body: b"event".to_vec(),
    };
    assert_golden("value.audit_event", &event.to_value());
    assert_golden("audit.digest", &head.digest);
    let position = Position { applied: Revision(258), clock: Timestamp(0x0304), level: Level(1) };
    let kv::Write::Set(Space::State, key, Some(value)) = position.write() else { unreachable!() };
    assert_golden(&format!("value.position.{}", hex(&key)), &value);
}

#[test]
fn typed_keys() {
    assert_golden("typed.text", &"a\0é".to_owned().to_bytes());
    assert_golden("typed.bytes", &vec![0u8, 1, 0xff].to_bytes());
    assert_golden("typed.tuple", &(String::new(), 0x0102u16, 0x0304_0506u32, 7u64).to_bytes());
    assert_golden("typed.fixed", &([1u8, 2, 3], 4u8).to_bytes());
}

#[test]
fn a_whole_state() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        let row = Account { aliases: vec!["x".to_owned()], expires_ms: Some(9_000), ..account("a") };
        tx.insert::<Accounts>(key(1), row)?.unwrap();
        tx.put_blind::<LastUses>(&2, &LastUse { at: 3 })?;
        tx.touch::<NotBefore>(&4);
        tx.audit(&raft_store_core::Chain::Cluster, raft_store_core::Event(b"made".to_vec()));
        Ok(())
    });
    let dump = replica.kv.dump();
    let state: Vec<u8> = dump.iter().flat_map(|(_, key, value)| [key.as_slice(), value.as_slice()].concat()).collect();
    assert_golden("state", &state);
}
