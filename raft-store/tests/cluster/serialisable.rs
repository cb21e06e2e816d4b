//! Whatever three members are asked to do at once, and whoever leads or stops meanwhile, the outcome is that of some
//! order of the acknowledged transactions, and in the end every replica holds the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raft_store_core::{Chain, Event, Freshness, Outcome, Read, Request, Store, StoreError};

use crate::world::{Member, OfOwner, Thing, Things, get, insert, leader_of, thing, three, until};

/// The two accounts between which money moves.
const ACCOUNTS: [u64; 2] = [1, 2];
const MONEY: u64 = 1_000;
const COUNTERS: [u64; 3] = [10, 11, 12];
/// At most this many things may an owner have: a phantom would break it.
const QUOTA: usize = 3;

/// What a client may ask.
#[derive(Clone, Debug)]
enum Op {
    Increment(u64),
    Move { from: usize, amount: u64 },
    CreateNamed(u8),
    AddWithinQuota(u8),
    PutExpiring(u64),
    ReadMoney,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..COUNTERS.len()).prop_map(|at| Op::Increment(COUNTERS[at])),
        4 => (0..2_usize, 1..50_u64).prop_map(|(from, amount)| Op::Move { from, amount }),
        2 => (0..12_u8).prop_map(Op::CreateNamed),
        2 => (0..4_u8).prop_map(Op::AddWithinQuota),
        1 => (0..5_u64).prop_map(Op::PutExpiring),
        2 => Just(Op::ReadMoney),
    ]
}

/// What was acknowledged, and what may have happened.
#[derive(Default)]
struct Seen {
    increments: BTreeMap<u64, (u64, u64)>,
    named: BTreeMap<u8, u64>,
    unknown: u64,
    done: u64,
}

fn count(store_error: &StoreError, seen: &Mutex<Seen>) {
    match store_error {
        StoreError::Unknown { .. } => seen.lock().unknown += 1,
        StoreError::NotDone { .. } | StoreError::Contended | StoreError::Stopped => {}
        other => panic!("{other}"),
    }
}

async fn perform(store: &Store, op: &Op, id: u64, seen: &Mutex<Seen>) {
    let request = Request { id: format!("{id}"), within: Duration::from_secs(3) };
    match op {
        Op::Increment(counter) => {
            let done = store.transact(&request, |tx| {
                let Some(mut row) = tx.get::<Things>(counter)?.map(|stored| stored.row) else {
                    return Ok(Outcome::Answer(false));
                };
                row.count += 1;
                tx.audit(&Chain::Cluster, Event(id.to_be_bytes().to_vec()));
                let _ = tx.put::<Things>(*counter, row)?;
                Ok(Outcome::Commit(true))
            });
            let done = done.await;
            let mut seen = seen.lock();
            let (sure, perhaps) = seen.increments.entry(*counter).or_default();
            match &done {
                Ok(done) => {
                    assert!(done.answer, "what was acknowledged is missing in a linearizable answer");
                    *sure += 1;
                }
                Err(StoreError::Unknown { .. }) => *perhaps += 1,
                Err(_) => {}
            }
            seen.done += u64::from(done.is_ok());
            drop(seen);
            drop(done.map_err(|error| count(&error, &Mutex::default())));
        }
        Op::Move { from, amount } => {
            let done = store.transact(&request, |tx| {
                let (from, to) = (ACCOUNTS[*from], ACCOUNTS[1 - *from]);
                let (Some(mut giver), Some(mut taker)) = (tx.get::<Things>(&from)?, tx.get::<Things>(&to)?) else {
                    return Ok(Outcome::Answer(()));
                };
                if giver.row.count < *amount {
                    return Ok(Outcome::Answer(()));
                }
                giver.row.count -= amount;
                taker.row.count += amount;
                let _ = tx.put::<Things>(from, giver.row)?;
                let _ = tx.put::<Things>(to, taker.row)?;
                Ok(Outcome::Commit(()))
            });
            let done = done.await;
            seen.lock().done += u64::from(done.is_ok());
            drop(done.map_err(|error| count(&error, seen)));
        }
        Op::CreateNamed(name) => {
            let row = Thing { name: format!("unique-{name}"), ..thing(0) };
            match insert(store, 100_000 + id, row).await {
                Ok(true) => {
                    let before = seen.lock().named.insert(*name, id);
                    assert_eq!(before, None, "the name {name} was given twice");
                }
                Ok(false) => {}
                Err(error) => count(&error, seen),
            }
        }
        Op::AddWithinQuota(owner) => {
            let owner = format!("owner-{owner}");
            let done = store.transact(&request, |tx| {
                if tx.all::<OfOwner>(&owner)?.len() >= QUOTA {
                    return Ok(Outcome::Answer(()));
                }
                let row = Thing { name: format!("of-{id}"), owner: owner.clone(), count: 0, expires_ms: 0 };
                let _ = tx.put::<Things>(200_000 + id, row)?;
                Ok(Outcome::Commit(()))
            });
            drop(done.await.map_err(|error| count(&error, seen)));
        }
        Op::PutExpiring(slot) => {
            let done = store.transact(&request, |tx| {
                let expires_ms = tx.now().0 + 150 + 40 * slot;
                let row = Thing { name: format!("soon-{slot}"), owner: String::new(), count: id, expires_ms };
                let _ = tx.put::<Things>(300_000 + slot, row)?;
                Ok(Outcome::Commit(()))
            });
            drop(done.await.map_err(|error| count(&error, seen)));
        }
        Op::ReadMoney => {
            let sum = store.view(&request, Freshness::Linearizable, |view| {
                let mut sum = 0;
                for account in ACCOUNTS {
                    sum += view.get::<Things>(&account)?.map_or(0, |stored| stored.row.count);
                }
                Ok(sum)
            });
            if let Ok(sum) = sum.await {
                assert_eq!(sum.answer, MONEY, "a view between two halves of a transaction");
            }
        }
    }
}

/// Clients of one member; they go where it is while it runs.
fn clients(
    store: &Arc<Mutex<Option<Store>>>,
    stop: &Arc<AtomicBool>,
    seen: &Arc<Mutex<Seen>>,
    member: u64,
) -> Vec<tokio::task::JoinHandle<()>> {
    let client = |number: u64| {
        let (store, stop, seen) = (Arc::clone(store), Arc::clone(stop), Arc::clone(seen));
        tokio::spawn(async move {
            let own: [u8; 32] = [u8::try_from(member * 16 + number).unwrap(); 32];
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &own);
            let mut runner = TestRunner::new_with_rng(Config::default(), rng);
            let mut id = (member * 16 + number) << 32;
            while !stop.load(Ordering::Relaxed) {
                let Some(store) = store.lock().clone() else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                id += 1;
                let op = op().new_tree(&mut runner).unwrap().current();
                perform(&store, &op, id, &seen).await;
            }
        })
    };
    (0..4).map(client).collect()
}

/// Waits until all replicas are at one index, and compares.
async fn all_equal(members: &[Member]) {
    for _ in 0..600 {
        let digests: Vec<_> = members.iter().map(|member| member.node().state_digest().unwrap()).collect();
        if digests.iter().all(|digest| digest.0 == digests[0].0) {
            assert!(digests.iter().all(|digest| digest.1 == digests[0].1), "replicas differ at {}", digests[0].0.0);
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the replicas never came to one index");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_interleaving_at_three_members_is_some_order_of_what_was_acknowledged() {
    let mut members = three(|_| {}).await;
    let store = members[0].store();
    for id in ACCOUNTS.into_iter().chain(COUNTERS) {
        let row = Thing { count: if id == ACCOUNTS[0] { MONEY } else { 0 }, ..thing(id) };
        assert!(insert(&store, id, row).await.unwrap());
    }
    drop(store);
    let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Seen::default())));
    let stores: Vec<_> = members.iter().map(|member| Arc::new(Mutex::new(Some(member.store())))).collect();
    let mut running = Vec::new();
    for (member, store) in stores.iter().enumerate() {
        running.extend(clients(store, &stop, &seen, member as u64));
    }
    let progress = |more: u64| {
        let (seen, from) = (Arc::clone(&seen), seen.lock().done);
        async move { until("writes go on", || seen.lock().done >= from + more).await }
    };

    for round in 0..3_usize {
        progress(150).await;
        let leader = leader_of(&members);
        drop(members[leader].node().control().transfer(&Request::new("test"), None).await);
        progress(150).await;
        // Once a follower, once whoever leads.
        until("somebody leads", || members.iter().any(|member| member.node().control().status().state == "leader"))
            .await;
        let gone = (leader_of(&members) + round) % 3;
        *stores[gone].lock() = None;
        members[gone].stop().await;
        progress(150).await;
        // Its clients' last requests give their handles back.
        let mut node = Err(raft_store::StartError::NotMember);
        for _ in 0..400 {
            node = raft_store::start(members[gone].options.clone()).await;
            if node.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        members[gone].node = Some(node.unwrap());
        *stores[gone].lock() = Some(members[gone].store());
    }
    progress(150).await;
    stop.store(true, Ordering::Relaxed);
    for client in running {
        client.await.unwrap();
    }
    drop(stores);

    until("it answers", || members.iter().all(|member| member.node().control().status().leader.is_some())).await;
    all_equal(&members).await;
    let store = members[2].store();
    let seen = std::mem::take(&mut *seen.lock());
    eprintln!("{} acknowledged, {} unknown", seen.done, seen.unknown);
    let mut money = 0;
    for account in ACCOUNTS {
        money += get(&store, Freshness::Local, account).await.unwrap().unwrap().count;
    }
    assert_eq!(money, MONEY);
    for counter in COUNTERS {
        let found = get(&store, Freshness::Local, counter).await.unwrap().unwrap().count;
        let (sure, perhaps) = seen.increments[&counter];
        assert!((sure..=sure + perhaps).contains(&found), "{found} of {sure} + {perhaps}");
    }
    let (named, owners) = store
        .view(&Request::new("test"), Freshness::Local, |view| {
            let mut owners = Vec::new();
            for owner in 0..4 {
                owners.push(view.all::<OfOwner>(&format!("owner-{owner}"))?.len());
            }
            let mut named = BTreeMap::new();
            for name in 0..12_u8 {
                let found = view.find::<crate::world::ByName>(&format!("unique-{name}"))?;
                named.extend(found.map(|stored| (name, stored.key)));
            }
            Ok((named, owners))
        })
        .await
        .unwrap()
        .answer;
    assert!(owners.iter().all(|count| *count <= QUOTA), "{owners:?}");
    for (name, id) in &seen.named {
        assert_eq!(named[name], 100_000 + id, "the acknowledged holder of {name}");
    }
    drop(store);
    for member in &mut members {
        member.stop().await;
    }
}
