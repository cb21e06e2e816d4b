//! Many records that expire at the same moment (F56).

use std::time::{Duration, Instant};

use raft_store_core::limits::SWEEP_STEP;
use raft_store_core::{Freshness, Outcome, Read as _, Request, Table};

use crate::world::{Things, first, insert, thing};

/// Records of one transaction of the preparation.
const BATCH: u64 = 100;

/// How many; `WOAD_AVALANCHE=100000` for the figures of the fault matrix.
fn records() -> u64 {
    std::env::var("WOAD_AVALANCHE").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_many_records_expire_at_once_others_write_between_the_steps() {
    let mut one = first(|_| {}).await;
    let store = one.store();
    let records = records();
    // All at one moment, when all are there.
    let life = 2_000 + records / 2;
    let done = store.transact(&Request::new("test"), |tx| Ok(Outcome::Commit(tx.now().0 + life))).await;
    let expires_ms = done.unwrap().answer;
    for start in (0..records).step_by(usize::try_from(BATCH).unwrap()) {
        let request = Request::new("test");
        let done = store.transact(&request, |tx| {
            for id in start..(start + BATCH).min(records) {
                let mut row = thing(id);
                (row.owner, row.expires_ms) = (format!("owner-{start}"), expires_ms);
                let _ = tx.put::<Things>(id, row)?;
            }
            Ok(Outcome::Commit(()))
        });
        done.await.unwrap();
    }
    let left = async || {
        let counted = store.view(&Request::new("test"), Freshness::Local, |view| view.count(Things::ID)).await;
        u64::try_from(counted.unwrap().answer).unwrap()
    };
    let all = left().await;
    while left().await >= all {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (start, mut slowest, mut writes) = (Instant::now(), Duration::ZERO, 0u64);
    loop {
        let began = Instant::now();
        assert!(insert(&store, 10_000_000 + writes, thing(10_000_000 + writes)).await.unwrap());
        slowest = slowest.max(began.elapsed());
        writes += 1;
        if writes % 20 == 0 && left().await <= writes {
            break;
        }
    }
    let steps = records / u64::try_from(SWEEP_STEP).unwrap();
    eprintln!(
        "{records} records in {steps} steps: {:?}; {writes} writes between, the slowest {slowest:?}",
        start.elapsed()
    );
    assert!(writes * 2 >= steps, "{writes} writes in {steps} steps");
    one.stop().await;
}
