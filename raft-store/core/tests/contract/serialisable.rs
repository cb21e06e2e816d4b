//! The committed history is one that a single thread could have made.

use proptest::prelude::*;
use raft_store_core::apply::Verdict;
use raft_store_core::{Abort, Read, Tx};

use crate::replica::{Replica, stamped};
use crate::script::{Command, Draft};
use crate::simulation::{Step, World, steps};
use crate::tables::{Account, Accounts, ByEmail, InGroup, REALM, account, key};

/// Cases unless `PROPTEST_CASES` asks for more.
const CASES: u32 = 400;

fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(CASES), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_interleaving_at_three_origins_is_serialisable(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        let (model, events) = world.finish();
        prop_assert_eq!(model.events, events);
    }

    #[test]
    fn concurrent_creates_leave_one_holder_of_a_unique_key(
        creates in prop::collection::vec((0usize..3, 0u8..4, 1u8..3, prop::collection::vec(1u8..4, 0..3)), 2..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut world = World::new();
        let count = creates.len();
        for (origin, number, email, aliases) in creates {
            let draft = Draft { email, group: 0, aliases, balance: 0, ttl: None };
            let script = vec![Command::Insert(number, draft)];
            world.step(Step::Evaluate { origin, skew: 0, within: 100, script });
        }
        for which in order {
            world.step(Step::Deliver(which));
        }
        for which in 0..count {
            world.deliver(which);
        }
        prop_assert!(world.commits >= 1);
        world.finish();
    }
}

/// That the property above means something: its worlds do commit and do conflict.
#[test]
fn simulated_worlds_commit_and_conflict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut commits, mut conflicts) = (0, 0);
    for _ in 0..50 {
        let mut world = World::new();
        for step in steps().new_tree(&mut runner).unwrap().current() {
            world.step(step);
        }
        commits += world.commits;
        conflicts += world.conflicts;
    }
    assert!(commits > 200, "{commits}");
    assert!(conflicts > 50, "{conflicts}");
}

#[test]
fn a_member_inserted_after_the_scan_is_no_phantom() {
    no_phantom(|tx| tx.all::<InGroup>(&(REALM.to_owned(), 7)).map(|all| all.len()));
}

#[test]
fn a_member_inserted_after_the_count_is_no_phantom() {
    no_phantom(|tx| tx.count_bound::<InGroup>(&(REALM.to_owned(), 7)));
}

fn no_phantom(count: fn(&mut Tx<'_>) -> Result<usize, Abort>) {
    let mut replica = Replica::new();
    let first_of_group = |number: u8| {
        move |tx: &mut Tx<'_>| {
            let empty = count(tx)? == 0;
            if empty {
                let row = Account { group: 7, ..Account::default() };
                assert!(tx.insert::<Accounts>(key(number), row)?.is_ok());
            }
            Ok(empty)
        }
    };
    let one = replica.entry(1, 1_000, 2_000, first_of_group(1));
    let two = replica.entry(2, 1_000, 2_000, first_of_group(2));
    assert_eq!(replica.apply_one(&stamped(&one, 1_000)).verdict, Verdict::Committed);
    assert!(matches!(replica.apply_one(&stamped(&two, 1_000)).verdict, Verdict::Conflict(_)));
    assert!(!replica.commit(3, 1_000, first_of_group(2)).0);
}

#[test]
fn a_member_that_left_or_came_from_elsewhere_changes_the_set() {
    let mut replica = Replica::new();
    replica.commit(1, 1_000, |tx| tx.insert::<Accounts>(key(1), Account { group: 7, ..Account::default() })).0.unwrap();
    let count = |tx: &mut Tx<'_>| Ok(tx.all::<InGroup>(&(REALM.to_owned(), 7))?.len());
    let changes: [fn(&mut Tx<'_>) -> bool; 3] = [
        |tx| tx.put::<Accounts>(key(1), Account { group: 8, ..Account::default() }).unwrap().is_ok(),
        |tx| tx.put::<Accounts>(key(1), Account { group: 7, ..Account::default() }).unwrap().is_ok(),
        |tx| tx.delete::<Accounts>(&key(1)).unwrap(),
    ];
    for (number, change) in (10..).step_by(2).zip(changes) {
        let scanned = replica.entry(number, 1_000, 2_000, count);
        assert!(replica.commit(number + 1, 1_000, |tx| Ok(change(tx))).0);
        assert!(matches!(replica.apply_one(&stamped(&scanned, 1_000)).verdict, Verdict::Conflict(_)), "{number}");
    }
}

#[test]
fn a_miss_in_a_unique_index_is_guarded() {
    let mut replica = Replica::new();
    let find = |tx: &mut Tx<'_>| tx.find::<ByEmail>(&(REALM.to_owned(), "a".to_owned()));
    let (found, missed) = replica.evaluate(1, 1_000, 2_000, find).unwrap();
    assert_eq!(found.map(|it| it.key), None);
    replica.commit(2, 1_000, |tx| tx.insert::<Accounts>(key(1), account("a"))).0.unwrap();
    assert!(matches!(replica.apply_one(&stamped(&missed, 1_000)).verdict, Verdict::Conflict(_)));
}

#[test]
fn writers_of_one_set_do_not_conflict() {
    let mut replica = Replica::new();
    let create = |number: u8| move |tx: &mut Tx<'_>| tx.insert::<Accounts>(key(number), Account::default());
    let one = replica.entry(1, 1_000, 2_000, create(1));
    let two = replica.entry(2, 1_000, 2_000, create(2));
    assert_eq!(replica.apply_one(&stamped(&one, 1_000)).verdict, Verdict::Committed);
    assert_eq!(replica.apply_one(&stamped(&two, 1_000)).verdict, Verdict::Committed);
}
