//! Records that cease to be.

use raft_store_core::apply::Verdict;
use raft_store_core::limits::{MAX_ENTRY_BYTES, SWEEP_STEP};
use raft_store_core::sweep::{self, Sweepable};
use raft_store_core::{Abort, Read, Timestamp, Tx, wire};

use crate::consistency::assert_consistent;
use crate::replica::{Replica, attempt, stamped};
use crate::tables::{Account, Accounts, ByEmail, InRealm, NewerAccount, NewerAccounts, REALM, account, key};

fn until(email: &str, at: u64) -> Account {
    Account { expires_ms: Some(at), ..account(email) }
}

fn with(number: u8, row: Account) -> Replica {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| tx.insert::<Accounts>(key(number), row)).0.unwrap();
    replica
}

fn sweep(replica: &Replica, number: u64, now: u64) -> Result<Option<wire::Entry>, Abort> {
    let tables = [Sweepable::of::<Accounts>()];
    sweep::step(&replica.snapshot(), &tables, 1, Timestamp(now), attempt(number), Timestamp(now + 1_000))
}

#[test]
fn a_record_lives_until_the_very_millisecond() {
    let replica = with(1, until("a", 2_000));
    assert!(replica.look(1_999, |view| view.get::<Accounts>(&key(1))).is_some());
    for now in [2_000, 2_001] {
        assert!(replica.look(now, |view| view.get::<Accounts>(&key(1))).is_none());
        assert!(replica.look(now, |view| view.find::<ByEmail>(&(REALM.to_owned(), "a".to_owned()))).is_none());
        assert!(replica.look(now, |view| view.all::<InRealm>(&(REALM.to_owned(),))).is_empty());
    }
}

#[test]
fn what_was_read_alive_must_be_alive_at_the_stamp() {
    let reads: [fn(&mut Tx<'_>) -> usize; 3] = [
        |tx| tx.get::<Accounts>(&key(1)).unwrap().iter().count(),
        |tx| tx.find::<ByEmail>(&(REALM.to_owned(), "a".to_owned())).unwrap().iter().count(),
        |tx| tx.all::<InRealm>(&(REALM.to_owned(),)).unwrap().len(),
    ];
    for read in reads {
        let mut replica = with(1, until("a", 2_000));
        let (seen, entry) = replica.evaluate(2, 1_500, 9_000, |tx| Ok(read(tx))).unwrap();
        assert_eq!(seen, 1);
        assert_eq!(replica.apply_one(&stamped(&entry, 2_000)).verdict, Verdict::TimeGuard);
        let (seen, entry) = replica.evaluate(3, 1_500, 9_000, |tx| Ok(read(tx))).unwrap();
        assert_eq!(seen, 0, "a view is never older than the last stamp");
        assert_eq!(replica.apply_one(&stamped(&entry, 2_000)).verdict, Verdict::Committed);
    }
}

#[test]
fn what_was_read_as_expired_must_be_expired_at_the_stamp() {
    let mut replica = with(1, until("a", 2_000));
    for (number, stamp, verdict) in [(2, 1_999, Verdict::TimeGuard), (3, 2_000, Verdict::Committed)] {
        let (seen, entry) = replica.evaluate(number, 2_500, 9_000, |tx| tx.get::<Accounts>(&key(1))).unwrap();
        assert!(seen.is_none());
        assert_eq!(replica.apply_one(&stamped(&entry, stamp)).verdict, verdict);
    }
}

#[test]
fn an_expired_record_is_replaced_and_its_unique_key_claimed() {
    let mut replica = with(1, until("a", 2_000));
    assert_eq!(
        replica.commit(2, 1_999, |tx| tx.insert::<Accounts>(key(2), account("a"))).0.map_err(|taken| taken.index),
        Err("accounts.email")
    );
    replica.commit(3, 2_000, |tx| tx.insert::<Accounts>(key(2), account("a"))).0.unwrap();
    assert_consistent(&replica);
    let found = replica.look(2_000, |view| view.find::<ByEmail>(&(REALM.to_owned(), "a".to_owned())));
    assert_eq!(found.map(|it| it.key), Some(key(2)));
    replica.commit(4, 2_000, |tx| tx.insert::<Accounts>(key(1), until("c", 3_000))).0.unwrap();
    replica.commit(5, 3_000, |tx| tx.insert::<Accounts>(key(1), account("d"))).0.unwrap();
    assert_consistent(&replica);
}

#[test]
fn what_replaces_an_expired_record_inherits_nothing() {
    let mut replica = Replica::new();
    let newer = NewerAccount { expires_ms: Some(2_000), suspended: true, ..NewerAccount::default() };
    replica.commit(1, 1_000, |tx| tx.put::<NewerAccounts>(key(1), newer)).0.unwrap();
    replica.commit(2, 2_000, |tx| tx.insert::<Accounts>(key(1), account("a"))).0.unwrap();
    let again = replica.look(2_000, |view| view.get::<NewerAccounts>(&key(1))).unwrap();
    assert!(!again.row.suspended);
}

#[test]
fn an_expiry_at_the_beginning_of_time_is_not_never() {
    let replica = with(1, until("a", 0));
    assert!(replica.look(1_000, |view| view.get::<Accounts>(&key(1))).is_none());
    assert_consistent(&replica);
}

#[test]
fn a_sweep_removes_what_is_expired_wholly_and_nothing_else() {
    let mut replica = with(1, until("a", 2_000));
    replica.commit(2, 1_000, |tx| tx.insert::<Accounts>(key(2), until("b", 2_001))).0.unwrap();
    assert!(sweep(&replica, 10, 1_999).unwrap().is_none());
    assert_eq!(sweep::lag_ms(&replica.snapshot(), Timestamp(2_100)).unwrap(), 100);
    let step = sweep(&replica, 11, 2_000).unwrap().unwrap();
    assert_eq!(step.mutations.len(), 1);
    replica.apply_one(&stamped(&step, 2_000));
    assert_consistent(&replica);
    let left = replica.look(1_000, |view| view.count(raft_store_core::TableId(900)));
    assert_eq!(left, 1);
    assert!(sweep(&replica, 12, 2_000).unwrap().is_none());
}

#[test]
fn a_sweep_passes_over_what_was_written_since_or_lives_at_its_stamp() {
    let mut replica = with(1, until("a", 2_000));
    let early = sweep(&replica, 10, 2_000).unwrap().unwrap();
    let stale = sweep(&replica, 11, 2_000).unwrap().unwrap();
    replica.apply_one(&stamped(&early, 1_999));
    assert!(replica.look(1_999, |view| view.get::<Accounts>(&key(1))).is_some(), "it lives at that stamp");
    replica.commit(2, 1_999, |tx| tx.put::<Accounts>(key(1), until("b", 3_000))).0.unwrap();
    let before = replica.look(0, |view| view.get::<Accounts>(&key(1)));
    replica.apply_one(&stamped(&stale, 2_000));
    assert_eq!(
        replica.look(0, |view| view.get::<Accounts>(&key(1))).map(|it| it.revision),
        before.map(|it| it.revision)
    );
    assert_consistent(&replica);
}

#[test]
fn a_sweep_goes_in_bounded_steps() {
    let mut replica = Replica::new();
    for number in 0..=255u8 {
        let long = "x".repeat(9_000);
        replica
            .commit(u64::from(number), 1_000, |tx| {
                tx.insert::<Accounts>(key(number), until(&format!("{number}{long}"), 2_000))
            })
            .0
            .unwrap();
    }
    let (mut steps, mut swept) = (0, 0);
    while let Some(step) = sweep(&replica, 1_000 + steps, 3_000).unwrap() {
        assert!(prost::Message::encoded_len(&step) <= MAX_ENTRY_BYTES && step.mutations.len() <= SWEEP_STEP);
        swept += step.mutations.len();
        steps += 1;
        replica.apply_one(&stamped(&step, 3_000));
    }
    assert_eq!(swept, 256);
    assert!(steps > 1, "keys of 9 kB do not fit into one entry");
    assert_consistent(&replica);
}
