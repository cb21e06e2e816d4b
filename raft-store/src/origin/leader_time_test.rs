//! That what is judged by the time is judged by the leader's.

use std::time::{Duration, SystemTime};

use raft_store_core::memory::PlainSealer;
use raft_store_core::{Freshness, Outcome, Read, Request};

use super::*;
use crate::clock::TOLERATED_MS;
use crate::disk::Database;
use crate::env::{Env, SharedEnv};
use crate::machine::Machine;
use crate::origin::testing::one_node;

const HOUR_MS: u64 = 3_600_000;

/// Clocks that stand still.
struct Standing {
    wall_ms: u64,
}

impl Env for Standing {
    fn wall_ms(&self) -> i64 {
        i64::try_from(self.wall_ms).unwrap()
    }
    fn boot(&self) -> Duration {
        Duration::from_secs(1000)
    }
    fn fill_random(&self, _: &mut [u8]) {}
    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

#[test]
fn who_knows_only_the_last_stamp_is_told_the_voters_time_or_that_it_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let env = |wall_ms| SharedEnv(Arc::new(Standing { wall_ms }));
    let database = Arc::new(Database::open(folder.path()).unwrap());
    let Machine(shared) = Machine::open(database, env(0), Arc::new(PlainSealer)).unwrap();
    let told = |wall_ms, voters: &[u64]| {
        let offsets = Arc::new(Offsets::new(env(wall_ms)));
        LeaderTime::new(1, Arc::clone(&shared), offsets).tell(voters).map(|time| time.0)
    };
    let last = 10 * HOUR_MS;
    shared.clock.observe(Timestamp(last));

    assert_eq!(told(last - HOUR_MS, &[1]), Some(last), "voters whose clocks are behind hold the time");
    shared.clock.restart(Timestamp(last + 2 * HOUR_MS));
    assert_eq!(told(last - HOUR_MS, &[1]), Some(last));
    assert_eq!(shared.clock.now(), Timestamp(last), "what a node reckoned by itself is put back");

    assert_eq!(told(last + HOUR_MS, &[1]), Some(last + HOUR_MS), "after an outage");
    assert_eq!(shared.clock.now(), Timestamp(last + HOUR_MS));
    assert_eq!(told(last, &[1]), Some(last + HOUR_MS), "what was told is not taken back");
    assert_eq!(shared.clock.now(), Timestamp(last + HOUR_MS));

    assert_eq!(told(last + 3 * HOUR_MS, &[1, 2, 3]), None, "nothing is known of two voters of three");
    assert_eq!(shared.clock.now(), Timestamp(last + HOUR_MS));
}

fn wall_ms() -> u64 {
    u64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// Its own duties put the node's clock right ten times a second: now and then before what is asked here.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_judged_by_a_clock_that_ran_ahead_is_judged_again() {
    let (_folder, node) = one_node().await;
    let (store, clock) = (&node.cluster.store, &node.cluster.shared.clock);
    let request = Request::new("r");
    let ahead = || clock.restart(Timestamp(wall_ms() + HOUR_MS));
    let is_ahead = |time: Timestamp| time.0 > wall_ms() + HOUR_MS / 2;

    loop {
        ahead();
        let mut judged = Vec::new();
        let done = store.transact(&request, |tx| {
            judged.push(tx.now());
            Ok(Outcome::Answer(tx.now()))
        });
        let answer = done.await.unwrap().answer;
        assert!(answer.0 <= wall_ms() + TOLERATED_MS, "by the leader's time");
        if is_ahead(judged[0]) {
            assert_eq!(judged.len(), 2);
            break;
        }
    }
    for fresh in [Freshness::Linearizable, Freshness::Issuing { grace: Duration::from_secs(60) }] {
        ahead();
        let read = store.view(&request, fresh, |view| Ok(view.now())).await.unwrap();
        assert!(read.answer.0 <= wall_ms() + TOLERATED_MS, "{fresh:?}");
    }

    let mut times = 0;
    let done = store.transact(&request, |_| {
        times += 1;
        Ok(Outcome::Answer(()))
    });
    done.await.unwrap();
    assert_eq!(times, 1, "what needs no correction is judged once");
    node.shutdown().await;
}
