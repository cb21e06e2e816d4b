//! Writes: what they replace, what they keep, what they refuse.

use raft_store_core::memory::MemoryStore;
use raft_store_core::{Outcome, Read, StoreError, Timestamp};

use crate::consistency::assert_consistent;
use crate::replica::Replica;
use crate::tables::{
    Account, Accounts, ByAlias, ByEmail, LastUse, LastUses, NewerAccount, NewerAccounts, REALM, account, key,
};

#[test]
fn a_refused_write_leaves_nothing_behind() {
    let mut replica = Replica::new();
    replica
        .commit(1, 1_000, |tx| {
            tx.insert::<Accounts>(key(1), account("held"))?.unwrap();
            let aliases = vec!["y".to_owned()];
            tx.insert::<Accounts>(key(2), Account { aliases, ..account("other") })?.unwrap();
            tx.insert::<Accounts>(key(3), Account { expires_ms: Some(1_500), ..account("expired") })
        })
        .0
        .unwrap();
    let before = replica.kv.dump();
    let (refused, entry) = replica
        .evaluate(2, 2_000, 3_000, |tx| {
            let aliases = vec!["x".to_owned(), "y".to_owned()];
            let one = tx.insert::<Accounts>(key(4), Account { aliases, ..account("expired") })?;
            let two = tx.put::<Accounts>(key(2), account("held"))?;
            let three = tx.insert::<Accounts>(key(1), account("new"))?;
            Ok([one, two, three].map(|it| it.map_err(|taken| taken.index)))
        })
        .unwrap();
    assert_eq!(refused, [Err("accounts.alias"), Err("accounts.email"), Err("accounts")]);
    assert_eq!(entry.mutations, []);
    assert_eq!(replica.kv.dump(), before);
}

#[test]
fn a_unique_key_can_change_hands_within_one_transaction() {
    let mut replica = Replica::new();
    replica
        .commit(1, 1_000, |tx| {
            tx.insert::<Accounts>(key(1), account("a"))?.unwrap();
            tx.insert::<Accounts>(key(2), account("b"))
        })
        .0
        .unwrap();
    let (swapped, _) = replica.commit(2, 1_000, |tx| {
        assert_eq!(tx.put::<Accounts>(key(1), account("b"))?.map_err(|it| it.index), Err("accounts.email"));
        tx.put::<Accounts>(key(1), account(""))?.unwrap();
        tx.put::<Accounts>(key(2), account("a"))?.unwrap();
        tx.put::<Accounts>(key(1), account("b"))
    });
    swapped.unwrap();
    assert_consistent(&replica);
    let holder = |email: &str| replica.look(0, |view| view.find::<ByEmail>(&(REALM.to_owned(), email.to_owned())));
    assert_eq!(holder("a").map(|it| it.key.1), Some(2));
    assert_eq!(holder("b").map(|it| it.key.1), Some(1));
}

#[test]
fn deleting_frees_every_key_and_deleting_nothing_is_no_error() {
    let mut replica = Replica::new();
    let row = Account { aliases: vec!["x".to_owned()], ..account("a") };
    replica.commit(1, 1_000, |tx| tx.insert::<Accounts>(key(1), row.clone())).0.unwrap();
    assert!(replica.commit(2, 1_000, |tx| tx.delete::<Accounts>(&key(1))).0);
    assert!(!replica.commit(3, 1_000, |tx| tx.delete::<Accounts>(&key(1))).0);
    assert_consistent(&replica);
    replica.commit(4, 1_000, |tx| tx.insert::<Accounts>(key(2), row)).0.unwrap();
    let found = replica.look(0, |view| view.find::<ByAlias>(&(REALM.to_owned(), "x".to_owned())));
    assert_eq!(found.map(|it| it.key.1), Some(2));
}

#[test]
fn fields_of_a_newer_version_survive_a_rewrite() {
    let mut replica = Replica::new();
    let newer = NewerAccount { email: "a".to_owned(), suspended: true, ..NewerAccount::default() };
    replica.commit(1, 1_000, |tx| tx.put::<NewerAccounts>(key(1), newer)).0.unwrap();
    replica
        .commit(2, 1_000, |tx| {
            tx.put::<Accounts>(key(1), account("b"))?.unwrap();
            tx.put::<Accounts>(key(1), account("c"))
        })
        .0
        .unwrap();
    let again = replica.look(0, |view| view.get::<NewerAccounts>(&key(1))).unwrap().row;
    assert_eq!((again.email.as_str(), again.suspended), ("c", true));
    replica
        .commit(3, 1_000, |tx| {
            tx.delete::<Accounts>(&key(1))?;
            tx.insert::<Accounts>(key(1), account("d"))
        })
        .0
        .unwrap();
    let fresh = replica.look(0, |view| view.get::<NewerAccounts>(&key(1))).unwrap().row;
    assert!(!fresh.suspended, "a new record is not the old one");
}

#[test]
fn a_blind_write_reads_and_guards_nothing() {
    let replica = Replica::new();
    let entry = replica.entry(1, 0, 9, |tx| tx.put_blind::<LastUses>(&1, &LastUse { at: 7 }));
    assert_eq!((entry.guards.len(), entry.mutations.len()), (0, 1));
}

#[test]
fn the_store_in_memory_commits_answers_and_refuses_as_the_real_one() {
    let store = MemoryStore::new(Timestamp(1_000));
    let create = |email: &'static str, number: u8| {
        store.run(move |tx| {
            Ok(match tx.insert::<Accounts>(key(number), account(email))? {
                Ok(()) => Outcome::Commit(true),
                Err(_) => Outcome::Answer(false),
            })
        })
    };
    assert_eq!((create("a", 1), create("a", 2), create("b", 2)), (Ok(true), Ok(false), Ok(true)));
    assert_eq!(store.look(|view| Ok(view.revision().0)), Ok(2), "an answer takes no place in the log");
    let wide = store.run(|tx| {
        for number in 0..=255u8 {
            tx.put::<Accounts>(key(number), account(&number.to_string()))?.unwrap();
        }
        Ok(Outcome::Commit(()))
    });
    assert_eq!(wide, Err(StoreError::TooLarge));
}
