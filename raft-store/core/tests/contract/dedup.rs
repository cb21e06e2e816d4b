//! One attempt, one outcome, however often its bytes arrive.

use raft_store_core::apply::{Applied, Verdict};
use raft_store_core::limits::{OUTCOME_PURGE_STEP, OUTCOME_RETENTION_MS};
use raft_store_core::{Revision, Timestamp, Tx};

use crate::replica::{Replica, attempt, stamped};
use crate::tables::{Accounts, LastUse, LastUses, NotBefore, account, key};

#[expect(clippy::unnecessary_wraps, reason = "a closure of a transaction")]
fn touch(tx: &mut Tx<'_>) -> Result<(), raft_store_core::Abort> {
    tx.touch::<NotBefore>(&1);
    Ok(())
}

fn create(tx: &mut Tx<'_>) -> Result<(), raft_store_core::Abort> {
    assert!(tx.insert::<Accounts>(key(1), account("a"))?.is_ok());
    Ok(())
}

#[test]
fn a_resend_has_no_second_effect_and_the_first_verdict() {
    let mut replica = Replica::new();
    let blind = replica.entry(1, 1_000, 9_000, touch);
    let first = replica.apply_one(&stamped(&blind, 1_000));
    let again = replica.apply_one(&stamped(&blind, 3_000));
    assert_eq!(again, Applied { duplicate: true, ..first });
    assert_eq!(again.stamp, Timestamp(1_000));
    let marker = replica.look(0, |view| raft_store_core::Read::marker::<NotBefore>(view, &1));
    assert_eq!(marker, Some(Revision(1)));
}

#[test]
fn a_resend_after_the_deadline_still_says_how_the_first_ended() {
    let mut replica = Replica::new();
    let entry = replica.entry(1, 1_000, 1_500, create);
    replica.apply_one(&stamped(&entry, 1_000));
    assert_eq!(replica.apply_one(&stamped(&entry, 60_000)).verdict, Verdict::Committed);
}

#[test]
fn a_conflict_is_remembered_although_the_guards_would_hold_again() {
    let mut replica = Replica::new();
    let late = replica.entry(1, 1_000, 9_000, create);
    replica.commit(2, 1_000, create);
    let lost = replica.apply_one(&stamped(&late, 1_000)).verdict;
    assert!(matches!(lost, Verdict::Conflict(_)));
    replica.commit(3, 1_000, |tx| tx.delete::<Accounts>(&key(1)));
    let again = replica.apply_one(&stamped(&late, 1_000));
    assert_eq!((again.verdict, again.duplicate), (lost, true));
}

#[test]
fn a_resend_within_one_batch_is_recognised() {
    let mut replica = Replica::new();
    let entry = replica.entry(1, 1_000, 9_000, touch);
    let entry = Some(stamped(&entry, 1_000));
    let applied = replica.apply(&[entry.clone(), None, entry]).unwrap();
    assert!(applied[2].as_ref().is_some_and(|applied| applied.duplicate && applied.index == Revision(1)));
}

#[test]
fn an_attempt_is_late_after_its_deadline_and_stays_so() {
    let mut replica = Replica::new();
    let entry = replica.entry(1, 1_000, 1_500, touch);
    assert_eq!(replica.apply_one(&stamped(&entry, 1_501)).verdict, Verdict::Late);
    // A new leader may repeat the last stamp, but time never runs back.
    assert_eq!(replica.apply_one(&stamped(&entry, 1_400)).verdict, Verdict::Late);
    let other = replica.entry(2, 1_000, 1_500, touch);
    assert_eq!(replica.apply_one(&stamped(&other, 1_400)).verdict, Verdict::Late);
    assert_eq!(replica.position.clock, Timestamp(1_501));
    let just = replica.entry(3, 1_000, 1_501, touch);
    assert_eq!(replica.apply_one(&stamped(&just, 1_501)).verdict, Verdict::Committed);
}

#[test]
fn outcomes_are_forgotten_after_their_time_and_alike_on_every_replica() {
    let count = 3 * OUTCOME_PURGE_STEP as u64;
    let write = |number: u64| {
        move |tx: &mut Tx<'_>| tx.put_blind::<LastUses>(&u8::try_from(number % 9).unwrap(), &LastUse { at: number })
    };
    let mut steady = Replica::new();
    let mut log = Vec::new();
    let mut at = |number: u64, stamp: u64, deadline: u64| {
        let entry = steady.entry(number, 0, deadline, write(number));
        log.push(Some(stamped(&entry, stamp)));
        steady.apply(&log[log.len() - 1..]).unwrap().remove(0).unwrap()
    };
    for number in 0..count {
        at(number, 1_000 + number, 30_000);
    }
    let kept = 1_000 + OUTCOME_RETENTION_MS + OUTCOME_PURGE_STEP as u64 - 1;
    assert!(at(0, kept, 30_000).duplicate, "remembered for the whole of its time");
    at(count, kept + 1, u64::MAX);
    let again = at(0, kept + 2, 30_000);
    assert_eq!((again.verdict, again.duplicate), (Verdict::Late, false), "forgotten, and too late to do harm");
    for number in count + 1..count + 9 {
        at(number, 10 * kept + number, u64::MAX);
    }
    assert!(steady.outcomes.len() < OUTCOME_PURGE_STEP);

    let mut restarted = Replica::new();
    for chunk in log.chunks(100) {
        restarted.apply(chunk).unwrap();
        restarted = Replica::open(restarted.kv);
    }
    assert_eq!(restarted.kv.dump(), steady.kv.dump());
    assert_eq!(restarted.outcomes.len(), steady.outcomes.len());
    for number in 0..count + 9 {
        let of = |replica: &Replica| replica.outcomes.get(attempt(number), &replica.snapshot()).unwrap();
        assert_eq!(of(&restarted), of(&steady));
    }
}
