//! Limits of a transaction, the cluster level, and what apply does not understand.

use raft_store_core::apply::{Fatal, Position, Verdict, early_conflict};
use raft_store_core::layout;
use raft_store_core::limits::{MAX_ENTRY_BYTES, MAX_GUARDS, MAX_MUTATIONS};
use raft_store_core::memory::MemoryKv;
use raft_store_core::wire::{self, guard, mutation};
use raft_store_core::{Batch, Kv, Level, MarkerId, Read, Revision, Tx};

use crate::replica::{Replica, stamped};
use crate::tables::{Account, Accounts, LastUse, LastUses, NotBefore, account, key};

struct Wide;
impl raft_store_core::Marker for Wide {
    type Key = u32;
    const ID: MarkerId = MarkerId(901);
}

fn too_large(f: impl FnOnce(&mut Tx<'_>)) -> bool {
    let done = Replica::new().evaluate(1, 1_000, 2_000, |tx| {
        f(tx);
        Ok(())
    });
    done.is_err_and(|abort| abort.is_too_large())
}

#[test]
fn a_transaction_has_limits() {
    let guards = |count: usize| {
        move |tx: &mut Tx<'_>| {
            for number in 0..u32::try_from(count).unwrap() {
                tx.marker::<Wide>(&number).unwrap();
            }
        }
    };
    assert!(!too_large(guards(MAX_GUARDS)));
    assert!(too_large(guards(MAX_GUARDS + 1)));
    let mutations = |count: usize| {
        move |tx: &mut Tx<'_>| {
            for number in 0..u32::try_from(count).unwrap() {
                tx.touch::<Wide>(&number);
            }
        }
    };
    assert!(!too_large(mutations(MAX_MUTATIONS)));
    assert!(too_large(mutations(MAX_MUTATIONS + 1)));
    let bytes = |count: usize| {
        move |tx: &mut Tx<'_>| {
            let row = Account { email: "x".repeat(count / 2), ..Account::default() };
            tx.insert::<Accounts>(key(1), row).unwrap().unwrap();
        }
    };
    assert!(!too_large(bytes(MAX_ENTRY_BYTES / 2)));
    assert!(too_large(bytes(MAX_ENTRY_BYTES)));
}

fn at_level_zero() -> Replica {
    let kv = MemoryKv::default();
    let position = Position { level: Level(0), ..Position::default() };
    kv.write(Batch { writes: vec![position.write()] }).unwrap();
    Replica::open(kv)
}

#[test]
fn an_entry_of_another_level_does_nothing() {
    let mut replica = at_level_zero();
    let touch = |tx: &mut Tx<'_>| {
        tx.touch::<NotBefore>(&1);
        Ok(())
    };
    let older = replica.entry(1, 1_000, 2_000, touch);
    replica.commit(2, 1_000, |tx| {
        tx.raise_level(Level(1));
        Ok(())
    });
    assert_eq!(replica.position.level, Level(1));
    assert_eq!(replica.apply_one(&stamped(&older, 1_000)).verdict, Verdict::LevelChanged);
    assert_eq!(replica.commit(3, 1_000, touch).1.verdict, Verdict::Committed);
    replica.commit(4, 1_000, |tx| {
        tx.raise_level(Level(0));
        Ok(())
    });
    assert_eq!(replica.position.level, Level(1), "a level never falls");
}

#[test]
fn a_level_raised_within_a_batch_holds_for_its_next_entry() {
    let mut replica = at_level_zero();
    let raise = replica.entry(1, 1_000, 2_000, |tx| {
        tx.raise_level(Level(1));
        Ok(())
    });
    let older = replica.entry(2, 1_000, 2_000, |tx| {
        tx.touch::<NotBefore>(&1);
        Ok(())
    });
    let applied = replica.apply(&[Some(stamped(&raise, 1_000)), Some(stamped(&older, 1_000))]).unwrap();
    assert_eq!(applied[1].as_ref().map(|it| &it.verdict), Some(&Verdict::LevelChanged));
}

#[test]
fn a_table_of_a_higher_level_is_not_written() {
    let replica = at_level_zero();
    assert!(replica.evaluate(1, 1_000, 2_000, |tx| tx.put::<Accounts>(key(1), account("a"))).is_err());
    assert!(replica.evaluate(1, 1_000, 2_000, |tx| tx.put_blind::<LastUses>(&1, &LastUse { at: 1 })).is_err());
}

fn entry(guards: Vec<Option<guard::Kind>>, mutations: Vec<Option<mutation::Kind>>) -> wire::Entry {
    wire::Entry {
        attempt: vec![7; 16],
        deadline_ms: u64::MAX,
        level: 1,
        guards: guards.into_iter().map(|kind| wire::Guard { kind }).collect(),
        mutations: mutations.into_iter().map(|kind| wire::Mutation { kind }).collect(),
        ..wire::Entry::default()
    }
}

#[test]
fn what_a_newer_version_wrote_stops_the_node_and_writes_nothing() {
    let marker = layout::marker_key(MarkerId(900), &[1]);
    let touch = Some(mutation::Kind::Touch(marker.clone()));
    let above = Some(mutation::Kind::Level(Level::SUPPORTED.0 + 1));
    let short = wire::Entry { attempt: vec![7; 15], ..entry(vec![], vec![touch.clone()]) };
    for unknown in [
        entry(vec![None], vec![touch.clone()]),
        entry(vec![Some(guard::Kind::Absent(marker)), None], vec![touch.clone()]),
        entry(vec![], vec![touch.clone(), None]),
        entry(vec![], vec![touch, above]),
        short,
    ] {
        let mut replica = Replica::new();
        let before = replica.kv.dump();
        let stopped = replica.apply(&[Some(unknown)]);
        assert!(matches!(stopped, Err(Fatal::Unknown(Revision(1)) | Fatal::Level(_))), "{stopped:?}");
        assert_eq!(replica.kv.dump(), before);
    }
}

#[test]
fn an_unknown_kind_survives_decoding_as_none() {
    use prost::Message;
    // Field 15, a message: a kind that this version has not heard of.
    let guard = wire::Guard::decode([0x7a, 0x00].as_slice()).unwrap();
    assert_eq!(guard.kind, None);
    let change = wire::Mutation::decode([0x7a, 0x00].as_slice()).unwrap();
    assert_eq!(change.kind, None);
}

#[test]
fn a_leader_answers_a_conflict_early_and_leaves_time_to_apply() {
    let mut replica = Replica::new();
    let create = |tx: &mut Tx<'_>| {
        let until = Account { expires_ms: Some(2_000), ..account("a") };
        tx.insert::<Accounts>(key(1), until)
    };
    let stale = replica.entry(1, 1_000, 2_000, create);
    assert_eq!(early_conflict(&replica.snapshot(), &stale).unwrap(), None);
    replica.commit(2, 1_000, create).0.unwrap();
    let key_of = early_conflict(&replica.snapshot(), &stale).unwrap();
    assert_eq!(replica.apply_one(&stamped(&stale, 1_000)).verdict, Verdict::Conflict(key_of.unwrap()));
    let read = replica.entry(3, 1_500, 9_000, |tx| tx.get::<Accounts>(&key(1)));
    assert_eq!(early_conflict(&replica.snapshot(), &read).unwrap(), None);
}
