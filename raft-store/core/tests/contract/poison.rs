//! Whatever bytes come to stand in the log: every replica makes the same of them, and what the leader's check lets
//! through never stops one (F59).

use proptest::prelude::*;
use prost::Message;
use raft_store_core::apply::decode;
use raft_store_core::check::check;
use raft_store_core::limits::MAX_ENTRY_BYTES;
use raft_store_core::wire::{
    At, AuditErase, AuditEvent, AuditPrune, DeleteIf, Entry, Guard, IndexPut, Mutation, Put, guard, mutation,
};
use raft_store_core::{Chain, Event};

use crate::replica::Replica;
use crate::tables::{Accounts, REALM, account, key};

/// Keys of every kind, whole and broken, of present and absent records.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    let replica = state();
    let present: Vec<Vec<u8>> = replica.kv.dump().into_iter().map(|(_, key, _)| key).collect();
    prop_oneof![
        prop::sample::select(present),
        (0..8_u8, any::<u8>(), 0..4_u8, prop::collection::vec(any::<u8>(), 0..4))
            .prop_map(|(kind, high, low, rest)| [&[kind, high, low], rest.as_slice()].concat()),
        prop::collection::vec(any::<u8>(), 0..3),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..8)
}

fn guards() -> impl Strategy<Value = Option<guard::Kind>> {
    prop_oneof![
        (keys(), 0..4_u64).prop_map(|(key, revision)| Some(guard::Kind::Unchanged(At { key, revision }))),
        keys().prop_map(|key| Some(guard::Kind::Absent(key))),
        any::<u64>().prop_map(|at| Some(guard::Kind::Before(at))),
        (0..2_000_u64).prop_map(|at| Some(guard::Kind::NotBefore(at))),
        Just(None),
    ]
}

fn mutations() -> impl Strategy<Value = Option<mutation::Kind>> {
    let chains = || prop_oneof![Just(REALM.to_owned()), Just(String::new()), Just("other".to_owned())];
    prop_oneof![
        (keys(), bytes(), prop_oneof![Just(0), 1..3_000_u64, Just(u64::MAX)])
            .prop_map(|(key, fields, expires_ms)| Some(mutation::Kind::Put(Put { key, fields, expires_ms }))),
        keys().prop_map(|key| Some(mutation::Kind::Delete(key))),
        (keys(), bytes()).prop_map(|(key, of)| Some(mutation::Kind::IndexPut(IndexPut { key, of }))),
        keys().prop_map(|key| Some(mutation::Kind::IndexDelete(key))),
        keys().prop_map(|key| Some(mutation::Kind::Touch(key))),
        (keys(), 0..4_u64, 0..2_000_u64, prop::collection::vec(keys(), 0..3)).prop_map(
            |(key, revision, not_before_ms, index_entries)| {
                Some(mutation::Kind::DeleteIf(DeleteIf { key, revision, not_before_ms, index_entries }))
            }
        ),
        (0..4_u32).prop_map(|level| Some(mutation::Kind::Level(level))),
        (chains(), 0..4_u64, prop_oneof![0..6_u64, Just(u64::MAX)], bytes()).prop_map(
            |(chain, from, through, checkpoint)| {
                Some(mutation::Kind::AuditPrune(AuditPrune { chain, from, through, checkpoint }))
            }
        ),
        (chains(), any::<u64>())
            .prop_map(|(chain, number)| Some(mutation::Kind::AuditErase(AuditErase { chain, number }))),
        Just(None),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    (
        prop_oneof![9 => Just(vec![9; 16]), 1 => bytes()],
        prop_oneof![Just(u64::MAX), 0..3_000_u64],
        0..3_u32,
        prop::collection::vec(guards().prop_map(|kind| Guard { kind }), 0..3),
        prop::collection::vec(mutations().prop_map(|kind| Mutation { kind }), 0..6),
        prop::collection::vec(("[a-z]{0,2}", bytes()), 0..2),
        prop_oneof![0..3_000_u64, Just(u64::MAX)],
    )
        .prop_map(|(attempt, deadline_ms, level, guards, mutations, audit, stamp_ms)| Entry {
            attempt,
            deadline_ms,
            level,
            guards,
            mutations,
            audit: audit.into_iter().map(|(chain, body)| AuditEvent { chain, body }).collect(),
            stamp_ms,
            origin: 1,
        })
}

fn state() -> Replica {
    let mut replica = Replica::new();
    for number in 1..=2_u8 {
        replica.commit(number.into(), 1_000, |tx| {
            tx.audit(&Chain::Realm(REALM.to_owned()), Event(vec![1]));
            tx.insert::<Accounts>(key(number), account(&number.to_string()))?.unwrap();
            Ok(())
        });
    }
    replica
}

/// Two replicas that apply the same make the same of it, and one opened again on its state goes on like the other.
fn applied_alike(entry: &Entry) -> Result<bool, TestCaseError> {
    let (mut one, mut two) = (state(), state());
    let results = [&mut one, &mut two].map(|replica| {
        let result = replica.apply(&[Some(entry.clone())]);
        result.map_err(|error| error.to_string())
    });
    prop_assert_eq!(&results[0], &results[1]);
    prop_assert_eq!(one.kv.dump(), two.kv.dump());
    let fine = results[0].is_ok();
    if fine {
        let mut again = Replica::open(one.kv.clone());
        prop_assert_eq!(again.position, two.position);
        let next = entry.clone();
        let results = [&mut again, &mut two].map(|replica| {
            let result = replica.apply(&[Some(next.clone())]);
            result.map_err(|error| error.to_string())
        });
        prop_assert_eq!(&results[0], &results[1], "after a restart");
        prop_assert_eq!(again.kv.dump(), two.kv.dump());
    }
    Ok(fine)
}

proptest! {
    #[test]
    fn what_the_check_lets_through_is_applied_by_all_alike(entry in entries()) {
        let passes = check(&entry, |_| true).is_ok();
        let fine = applied_alike(&entry)?;
        prop_assert!(fine || !passes, "the check let through what stops a node");
    }

    #[test]
    fn bytes_that_are_no_entry_are_no_entry_anywhere(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(decode(&bytes), decode(&bytes));
        if let Some(entry) = decode(&bytes) {
            applied_alike(&entry)?;
        }
    }

    #[test]
    fn a_damaged_entry_is_applied_by_all_alike_or_by_none(
        entry in entries(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = entry.encode_to_vec();
        for (at, by) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= by;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Some(entry) = decode(&bytes) {
            let passes = check(&entry, |_| true).is_ok();
            let fine = applied_alike(&entry)?;
            prop_assert!(fine || !passes);
        }
    }
}

#[test]
fn lengths_that_lie_allocate_nothing() {
    // A field that says it is 2 GiB long, in an entry of a few bytes.
    let lie = [&[0x0a][..], &[0xff, 0xff, 0xff, 0xff, 0x07], &[1, 2, 3]].concat();
    assert_eq!(decode(&lie), None);
    assert!(MAX_ENTRY_BYTES < lie.len() << 20);
}
