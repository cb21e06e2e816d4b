//! Audit chains: they follow from their events, and only commits write them.

use raft_store_core::audit::{Head, digest};
use raft_store_core::{Chain, Event, Revision, Tx};

use crate::replica::{Replica, stamped};
use crate::tables::{Accounts, REALM, account, key};

/// Computes the realm's chain again from its events, and gives those away: index and body.
pub(crate) fn assert_chain_holds(replica: &Replica, out: &mut Vec<(u64, u8)>) {
    let (events, head) =
        replica.look(0, |view| Ok((view.audit_events(REALM, 1, usize::MAX)?, view.audit_head(REALM)?)));
    let mut again = Head::EMPTY;
    for event in events {
        again = again.extend(event.index, event.digest);
        assert_eq!(event.number, again.count);
        assert_eq!(event.digest, digest(&event.body));
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
    let again = events.iter().fold(Head::EMPTY, |head, event| head.extend(event.index, event.digest));
    assert_eq!(again, head);
    assert_eq!(head.count, 3);
    let last_two = replica.look(0, |view| view.audit_events(REALM, 2, 9));
    assert_eq!(last_two, events[1..]);
}
