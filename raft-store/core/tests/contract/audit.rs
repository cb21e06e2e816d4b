//! Audit chains: they follow from their events, and only commits write them.

use raft_store_core::audit::{self, Base, Head, StoredEvent};
use raft_store_core::{Chain, Event, Revision, Timestamp, Tx};

use crate::replica::{Replica, stamped};
use crate::tables::{Accounts, REALM, account, key};

/// Computes the realm's chain again from its events, and gives those away: index and body.
pub(crate) fn assert_chain_holds(replica: &Replica, out: &mut Vec<(u64, u8)>) {
    let (events, head) =
        replica.look(0, |view| Ok((view.audit_events(REALM, 1, usize::MAX)?, view.audit_head(REALM)?)));
    let mut again = Head::EMPTY;
    for event in events {
        again = event.follows(again).unwrap();
        out.push((event.index.0, event.body[0]));
    }
    assert_eq!(again, head);
}

fn say(tx: &mut Tx<'_>, chain: &Chain, what: &[u8]) {
    tx.audit(chain, Event(what.to_vec()));
}

#[test]
fn each_chain_counts_its_own_events_and_a_conflicted_attempt_writes_none() {
    let realm = Chain::Realm(REALM.to_owned());
    let mut replica = Replica::new();
    let create = |tx: &mut Tx<'_>| {
        say(tx, &realm, b"created");
        say(tx, &Chain::Cluster, b"seen");
        tx.insert::<Accounts>(key(1), account("a"))
    };
    let first = replica.entry(1, 1_000, 2_000, create);
    let second = replica.entry(2, 1_000, 2_000, create);
    replica.apply_one(&stamped(&first, 1_000));
    let before = replica.kv.dump();
    replica.apply_one(&stamped(&second, 1_000));
    let audit = |dump: Vec<(raft_store_core::Space, Vec<u8>, Vec<u8>)>| {
        dump.into_iter().filter(|(_, key, _)| key.first() == Some(&6)).collect::<Vec<_>>()
    };
    assert_eq!(audit(replica.kv.dump()), audit(before));
    let (events, other) =
        replica.look(0, |view| Ok((view.audit_events(REALM, 1, 9)?, view.audit_events("other", 1, 9)?)));
    assert_eq!(events.iter().map(|event| (event.number, event.index)).collect::<Vec<_>>(), [(1, Revision(1))]);
    assert_eq!(other, []);
    assert_eq!(replica.look(0, |view| view.audit_head("")).count, 1);
}

#[test]
fn a_chain_whose_body_was_erased_still_holds() {
    let mut replica = Replica::new();
    for number in 1..=3 {
        replica.commit(number, 1_000, |tx| {
            say(tx, &Chain::Realm(REALM.to_owned()), &[7]);
            Ok(())
        });
    }
    let (events, head) = replica.look(0, |view| Ok((view.audit_events(REALM, 1, 9)?, view.audit_head(REALM)?)));
    replica.commit(4, 1_000, |tx| {
        tx.erase_audit(&Chain::Realm(REALM.to_owned()), 2);
        tx.erase_audit(&Chain::Realm(REALM.to_owned()), 9);
        Ok(())
    });
    let erased = replica.look(0, |view| view.audit_events(REALM, 1, 9));
    assert_eq!(erased.iter().map(|event| event.body.len()).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(first_broken(Head::EMPTY, &erased), Ok(head));
    assert_eq!(head.count, 3);
    let last_two = replica.look(0, |view| view.audit_events(REALM, 2, 9));
    assert_eq!(last_two, erased[1..]);
    assert_eq!(events[0], erased[0]);
}

/// The head after the events, or the index of the first that does not follow.
fn first_broken(base: Head, events: &[StoredEvent]) -> Result<Head, u64> {
    events.iter().try_fold(base, |head, event| event.follows(head).ok_or(event.index.0))
}

fn with_events(count: u64) -> Replica {
    let mut replica = Replica::new();
    for number in 1..=count {
        replica.commit(number, 1_000 + number, |tx| {
            say(tx, &Chain::Realm(REALM.to_owned()), &[7, u8::try_from(number).unwrap()]);
            Ok(())
        });
    }
    replica
}

#[test]
fn the_first_event_that_was_deleted_altered_or_moved_is_named() {
    type Change = fn(&mut Vec<StoredEvent>);
    let replica = with_events(6);
    let (events, head) = replica.look(0, |view| Ok((view.audit_events(REALM, 1, 9)?, view.audit_head(REALM)?)));
    assert_eq!(first_broken(Head::EMPTY, &events), Ok(head));
    let changes: [(&str, Change, u64); 9] = [
        ("deleted", |events| drop(events.remove(2)), 4),
        ("body", |events| events[2].body[1] ^= 1, 3),
        (
            "body and its digest",
            |events| {
                events[2].body[1] ^= 1;
                events[2].body_digest = audit::body_digest(&events[2].body);
            },
            3,
        ),
        ("stamp", |events| events[2].stamp = Timestamp(9), 3),
        ("index", |events| events[2].index = Revision(99), 99),
        ("head", |events| events[2].head[0] ^= 1, 3),
        ("swapped", |events| events.swap(2, 3), 4),
        (
            "numbers kept",
            |events| {
                events.swap(2, 3);
                let (one, two) = (events[2].number, events[3].number);
                (events[2].number, events[3].number) = (two, one);
            },
            4,
        ),
        ("doubled", |events| events.insert(3, events[2].clone()), 3),
    ];
    for (what, change, index) in changes {
        let mut tampered = events.clone();
        change(&mut tampered);
        assert_eq!(first_broken(Head::EMPTY, &tampered), Err(index), "{what}");
    }
}

#[test]
fn a_pruned_chain_goes_on_from_its_base() {
    let chain = Chain::Realm(REALM.to_owned());
    let mut replica = with_events(6);
    let (events, head) = replica.look(0, |view| Ok((view.audit_events(REALM, 1, 9)?, view.audit_head(REALM)?)));
    let prune = |replica: &mut Replica, attempt: u64, from: u64, through: u64| {
        replica.commit(attempt, 2_000, |tx| {
            tx.prune_audit(&chain, from, through, b"vouched".to_vec());
            Ok(())
        });
        replica.look(0, |view| Ok((view.audit_base(REALM)?, view.audit_events(REALM, 1, 9)?)))
    };
    for (attempt, from, through) in [(20, 2, 3), (21, 1, 7), (22, 0, 3)] {
        let (base, left) = prune(&mut replica, attempt, from, through);
        assert_eq!((base, left), (Base::WHOLE, events.clone()), "not from the first that is left, or beyond the last");
    }
    let (base, left) = prune(&mut replica, 23, 1, 4);
    assert_eq!(base.head, Head { count: 4, digest: events[3].head });
    assert_eq!(base.checkpoint, b"vouched");
    assert_eq!(left, events[4..]);
    assert_eq!(first_broken(base.head, &left), Ok(head));
    let (again, _) = prune(&mut replica, 24, 1, 4);
    assert_eq!(again, base, "twice is once");
    let (base, left) = prune(&mut replica, 25, 5, 6);
    assert_eq!((base.head, left.len()), (head, 0), "all of it may go");
    replica.commit(26, 3_000, |tx| {
        say(tx, &chain, &[9]);
        Ok(())
    });
    let (left, head) = replica.look(0, |view| Ok((view.audit_events(REALM, 1, 9)?, view.audit_head(REALM)?)));
    assert_eq!(first_broken(base.head, &left), Ok(head));
    assert_eq!(head.count, 7);
}
