//! Reads: own writes, entries of one batch, listings.

use raft_store_core::apply::Overlay;
use raft_store_core::memory::{MemoryKv, PlainSealer};
use raft_store_core::{Abort, Batch, Kv, Read, ReadKv, Revision, Sealer, Space, kv::Write};

use crate::replica::Replica;
use crate::tables::{
    Account, Accounts, Aliased, ByAlias, ByEmail, ByGroup, InGroup, InRealm, NotBefore, REALM, account, key,
};

fn emails<T: Read>(of: &T) -> Result<Vec<String>, Abort> {
    Ok(of.all::<InRealm>(&(REALM.to_owned(),))?.into_iter().map(|it| it.row.email).collect())
}

#[test]
fn an_overlay_reads_its_batch() {
    let kv = MemoryKv::default();
    let set = |key: &[u8], value: &[u8]| Write::Set(Space::State, key.to_vec(), Some(value.to_vec()));
    kv.write(Batch { writes: vec![set(b"a", b"1"), set(b"b", b"2")] }).unwrap();
    let snapshot = kv.snapshot();
    let mut overlay = Overlay::new(&snapshot);
    overlay.set(Space::State, b"a".to_vec(), None);
    overlay.set(Space::State, b"c".to_vec(), Some(b"3".to_vec()));
    overlay.set(Space::Outcomes, b"b".to_vec(), Some(b"9".to_vec()));
    let get = |key: &[u8]| overlay.get(Space::State, key).unwrap();
    assert_eq!((get(b"a"), get(b"b"), get(b"c")), (None, Some(b"2".to_vec()), Some(b"3".to_vec())));
    let batch = overlay.into_batch();
    drop(snapshot);
    kv.write(batch).unwrap();
    assert_eq!(kv.dump().len(), 3);
    assert_eq!(kv.after_power_cut().dump(), [], "nothing was synced");
    kv.sync().unwrap();
    assert_eq!(kv.after_power_cut().dump(), kv.dump());
}

#[test]
fn a_transaction_reads_its_own_writes_in_the_order_they_will_have() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        for (number, email) in [(2, "b"), (4, "d"), (6, "f")] {
            tx.insert::<Accounts>(key(number), account(email))?.unwrap();
        }
        Ok(())
    });
    let (inside, _) = replica.commit(2, 1_000, |tx| {
        tx.insert::<Accounts>(key(5), account("e"))?.unwrap();
        tx.insert::<Accounts>(key(1), account("a"))?.unwrap();
        tx.put::<Accounts>(key(4), account("D"))?.unwrap();
        assert!(tx.delete::<Accounts>(&key(2))?);
        assert!(tx.get::<Accounts>(&key(2))?.is_none());
        assert!(tx.find::<ByEmail>(&(REALM.to_owned(), "d".to_owned()))?.is_none());
        assert_eq!(tx.get::<Accounts>(&key(4))?.map(|it| it.revision), Some(Revision(0)));
        let in_group: Vec<u8> = tx.all::<InGroup>(&(REALM.to_owned(), 0))?.iter().map(|it| it.key.1).collect();
        assert_eq!(in_group, [1, 4, 5, 6]);
        assert!((4..=5).contains(&tx.count_bound::<InGroup>(&(REALM.to_owned(), 0))?));
        emails(tx)
    });
    assert_eq!(inside, ["a", "D", "e", "f"]);
    assert_eq!(replica.look(0, |view| emails(view)), inside);
}

#[test]
fn a_marker_touched_here_is_newer_than_anything_issued() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        tx.touch::<NotBefore>(&1);
        Ok(())
    });
    let (marker, applied) = replica.commit(2, 1_000, |tx| {
        assert_eq!(tx.marker::<NotBefore>(&1)?, Some(Revision(1)));
        tx.touch::<NotBefore>(&1);
        tx.marker::<NotBefore>(&1)
    });
    assert_eq!(marker, Some(Revision(2)));
    assert_eq!(replica.look(0, |view| view.marker::<NotBefore>(&1)), Some(applied.index));
}

#[test]
fn a_record_under_several_keys_of_an_index_is_listed_once() {
    let mut replica = Replica::new();
    let row = Account { aliases: vec!["x".to_owned(), "z".to_owned(), "x".to_owned()], ..account("a") };
    let realm = (REALM.to_owned(),);
    let (inside, _) = replica.commit(1, 1_000, |tx| {
        tx.insert::<Accounts>(key(1), row)?.unwrap();
        Ok(tx.all::<Aliased>(&realm)?.len())
    });
    let (again, _) = replica.commit(2, 1_000, |tx| Ok(tx.all::<Aliased>(&realm)?.len()));
    assert_eq!((inside, again), (1, 1));
    assert_eq!(replica.look(0, |view| view.all::<Aliased>(&realm)).len(), 1);
    assert_eq!(replica.look(0, |view| view.count_bound::<Aliased>(&realm)), 1);
    assert_eq!(replica.look(0, |view| view.scan_index::<ByAlias>(&realm)).len(), 1);
    assert_eq!(replica.look(0, |view| view.scan_index::<ByGroup>(&(REALM.to_owned(), 1u32))).len(), 0);
}

#[test]
fn a_listing_goes_on_after_its_cursor_and_never_into_another_realm() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        for (realm, number) in [("q", 1), ("r", 1), ("r", 2), ("r", 3), ("s", 1)] {
            tx.insert::<Accounts>((realm.to_owned(), number), Account::default())?.unwrap();
        }
        Ok(())
    });
    let page = |after: Option<(&str, u8)>, limit: usize| {
        let after = after.map(|(realm, number)| (realm.to_owned(), number));
        let rows = replica.look(0, |view| view.scan::<Accounts>(&(REALM.to_owned(),), after.as_ref(), limit));
        rows.into_iter().map(|it| format!("{}{}", it.key.0, it.key.1)).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), ["r1", "r2"]);
    assert_eq!(page(Some(("r", 2)), 2), ["r3"]);
    assert_eq!(page(Some(("r", 3)), 2), [""; 0]);
    assert_eq!(page(Some(("q", 0)), 9), ["r1", "r2", "r3"], "a cursor of an earlier realm");
    assert_eq!(page(Some(("s", 0)), 9), [""; 0], "a cursor of a later realm");
    assert_eq!(page(None, 0), [""; 0]);
}

#[test]
fn a_listing_by_index_goes_on_after_its_cursor_and_passes_over_expired_records() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        for (realm, number, group) in [("q", 1, 1), ("r", 1, 3), ("r", 2, 2), ("r", 3, 2), ("r", 4, 1), ("s", 1, 1)] {
            let expires_ms = (number == 4).then_some(1_500);
            let row = Account { group, expires_ms, ..Account::default() };
            tx.insert::<Accounts>((realm.to_owned(), number), row)?.unwrap();
        }
        Ok(())
    });
    let page = |after: Option<(&str, u32)>, limit: usize| {
        let after = after.map(|(realm, group)| (realm.to_owned(), group));
        let realm = (REALM.to_owned(),);
        let rows = replica.look(2_000, |view| view.page_index::<ByGroup>(&realm, after.as_ref(), limit));
        rows.into_iter().map(|it| it.key.1).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 9), [2, 3, 1], "in the order of the index");
    assert_eq!(page(None, 1), [2]);
    assert_eq!(page(Some(("r", 2)), 9), [1], "after all that stand under the key");
    assert!(page(Some(("r", 3)), 9).is_empty());
    assert_eq!(page(Some(("q", 9)), 9), [2, 3, 1], "a cursor of an earlier realm");
    assert!(page(Some(("s", 0)), 9).is_empty(), "a cursor of a later realm");
    assert!(page(None, 0).is_empty());
}

#[test]
fn a_listing_passes_over_expired_records() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| {
        for number in 0..100 {
            let expires_ms = (number != 99).then_some(1_500);
            tx.insert::<Accounts>(key(number), Account { expires_ms, ..Account::default() })?.unwrap();
        }
        Ok(())
    });
    let rows = replica.look(2_000, |view| view.scan::<Accounts>(&(REALM.to_owned(),), None, 5));
    assert_eq!(rows.iter().map(|it| it.key.1).collect::<Vec<_>>(), [99]);
}

#[test]
fn a_sealed_value_opens_for_its_record_only() {
    let sealed = PlainSealer.seal(b"one", b"secret").unwrap();
    assert_eq!(PlainSealer.open(b"one", &sealed).unwrap().as_slice(), b"secret");
    assert!(PlainSealer.open(b"two", &sealed).is_err());
}
