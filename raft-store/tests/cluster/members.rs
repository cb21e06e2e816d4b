//! Reads and writes at three members, and how members come and go.

use std::time::{Duration, Instant};

use crate::world::{Things, another, first, get, insert, leader_of, thing, three, until};
use raft_store_core::{Freshness, Outcome, Read, Request, StoreError};

#[tokio::test(flavor = "multi_thread")]
async fn a_write_at_any_member_is_read_at_every_other() {
    let mut members = three(|_| {}).await;
    for (at, writer) in members.iter().enumerate() {
        let id = 100 + at as u64;
        assert!(insert(&writer.store(), id, thing(id)).await.unwrap());
        for reader in &members {
            let found = get(&reader.store(), Freshness::Linearizable, id).await.unwrap();
            assert_eq!(found, Some(thing(id)));
        }
    }
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_increments_at_three_members_are_all_counted() {
    let mut members = three(|_| {}).await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    let tasks: Vec<_> = members
        .iter()
        .map(|member| {
            let store = member.store();
            tokio::spawn(async move {
                let mut done = 0;
                while done < 20 {
                    let result = store
                        .transact(&Request::new("test"), |tx| {
                            // An unconfirmed view may not have it yet: then this answer is asked for again.
                            let Some(mut row) = tx.get::<Things>(&1)?.map(|stored| stored.row) else {
                                return Ok(Outcome::Answer(false));
                            };
                            row.count += 1;
                            let _ = tx.put::<Things>(1, row)?;
                            Ok(Outcome::Commit(true))
                        })
                        .await;
                    match result {
                        Ok(committed) => {
                            assert!(committed.answer, "a linearizable answer misses what was acknowledged");
                            done += 1;
                        }
                        Err(StoreError::Contended) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for member in &members {
        let found = get(&member.store(), Freshness::Linearizable, 1).await.unwrap().unwrap();
        assert_eq!(found.count, 60);
    }
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_created_at_three_members_at_once_is_held_once() {
    let mut members = three(|_| {}).await;
    for round in 0..10_u64 {
        let tasks: Vec<_> = members
            .iter()
            .enumerate()
            .map(|(at, member)| {
                let store = member.store();
                let mut row = thing(round);
                row.name = format!("round-{round}");
                tokio::spawn(async move { insert(&store, 1000 + round * 10 + at as u64, row).await.unwrap() })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            winners += u32::from(task.await.unwrap());
        }
        assert_eq!(winners, 1, "round {round}");
    }
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leadership_moves_fast_and_a_stopped_leader_is_replaced() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let control = members[leader].node.as_ref().unwrap().control();
    let start = Instant::now();
    let to = control.transfer(&Request::new("test"), None).await.unwrap();
    eprintln!("transfer took {:?}", start.elapsed());
    until("the new leader leads", || {
        members.iter().all(|member| member.node.as_ref().unwrap().control().status().leader == Some(to))
    })
    .await;
    assert!(insert(&members[leader].store(), 7, thing(7)).await.unwrap());

    let leader = leader_of(&members);
    members[leader].stop().await;
    let survivor = (leader + 1) % 3;
    let start = Instant::now();
    let store = members[survivor].store();
    while insert(&store, 8, thing(8)).await.is_err() {}
    eprintln!("writes resumed after {:?}", start.elapsed());
    members[leader].start().await;
    let store = members[leader].store();
    let mut found = None;
    for _ in 0..100 {
        if let Ok(Some(row)) = get(&store, Freshness::Linearizable, 8).await {
            found = Some(row);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found, Some(thing(8)));
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_linearizable_reads_fail_soon_and_issuing_ones_live_on_the_grace() {
    let mut members = three(|_| {}).await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    let store = members[0].store();
    assert!(get(&store, Freshness::Linearizable, 1).await.unwrap().is_some());
    members[1].stop().await;
    members[2].stop().await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let start = Instant::now();
    let refused = get(&store, Freshness::Linearizable, 1).await;
    assert!(matches!(refused, Err(StoreError::NotDone { .. })), "{refused:?}");
    assert!(start.elapsed() < Duration::from_secs(2));
    let grace = |seconds| Freshness::Issuing { grace: Duration::from_secs(seconds) };
    assert!(get(&store, grace(600), 1).await.unwrap().is_some());
    assert!(matches!(get(&store, grace(0), 1).await, Err(StoreError::NotDone { .. })));
    assert!(get(&store, Freshness::Local, 1).await.unwrap().is_some());
    members[0].stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_that_joins_after_the_log_was_compacted_reads_the_same() {
    let small = |options: &mut raft_store::Options| {
        options.compaction.snapshot_bytes = 16 * 1024;
        options.compaction.keep_bytes = 1024;
    };
    let mut one = first(small).await;
    let purged = |member: &crate::world::Member| member.node.as_ref().unwrap().control().status().purged;
    let mut written = 0;
    // What was just written is kept for followers: it takes more writes for it to go.
    while written < 400 || purged(&one) < 100 {
        assert!(insert(&one.store(), written, thing(written)).await.unwrap());
        written += 1;
    }
    let mut two = another(&one, small).await;
    until("the second votes", || {
        let status = two.node.as_ref().unwrap().control().status();
        status.members.iter().filter(|member| member.voter).count() == 2
    })
    .await;
    for id in written..written + 20 {
        assert!(insert(&two.store(), id, thing(id)).await.unwrap());
    }
    for id in 0..written + 20 {
        let at_one = get(&one.store(), Freshness::Linearizable, id).await.unwrap();
        let at_two = get(&two.store(), Freshness::Linearizable, id).await.unwrap();
        assert_eq!(at_one, Some(thing(id)));
        assert_eq!(at_one, at_two);
    }
    // The installed generation survives a restart.
    two.stop().await;
    two.start().await;
    until("it answers again", || two.node.as_ref().unwrap().control().status().leader.is_some()).await;
    let found = get(&two.store(), Freshness::Local, 3).await.unwrap();
    assert_eq!(found, Some(thing(3)));
    two.stop().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_refused_by_the_others() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let gone = (leader + 1) % 3;
    let id = members[gone].node.as_ref().unwrap().control().status().node;
    let control = members[leader].node.as_ref().unwrap().control();
    control.remove(&Request::new("test"), id, true).await.unwrap();
    assert_eq!(control.status().members.len(), 2);
    let refused = insert(&members[gone].store(), 5, thing(5)).await;
    assert!(refused.is_err(), "{refused:?}");
    let other = (leader + 2) % 3;
    assert!(insert(&members[other].store(), 6, thing(6)).await.unwrap());
    assert!(get(&members[other].store(), Freshness::Linearizable, 5).await.unwrap().is_none());
    // It is told, and gives up its grace, however long that is.
    let grace = Freshness::Issuing { grace: Duration::from_secs(600) };
    let mut serves = true;
    for _ in 0..200 {
        serves = get(&members[gone].store(), grace, 6).await.is_ok();
        if !serves {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!serves, "a removed member issues from what it knew");
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_record_is_absent_and_then_swept() {
    let mut one = first(|_| {}).await;
    let store = one.store();
    let done = store
        .transact(&Request::new("test"), |tx| {
            let mut row = thing(1);
            row.expires_ms = tx.now().0 + 700;
            let _ = tx.put::<Things>(1, row)?;
            Ok(Outcome::Commit(()))
        })
        .await;
    done.unwrap();
    assert!(get(&store, Freshness::Linearizable, 1).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(get(&store, Freshness::Linearizable, 1).await.unwrap().is_none());
    for _ in 0..100 {
        let left = store
            .view(&Request::new("test"), Freshness::Linearizable, |view| {
                view.count(<Things as raft_store_core::Table>::ID)
            })
            .await
            .unwrap()
            .answer;
        if left == 0 {
            one.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never swept");
}

/// Longer than a read may wait.
const SLOW_FLUSH: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_linearizable_read_does_not_wait_for_the_flush_of_a_write() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    for follower in [(leader + 1) % 3, (leader + 2) % 3] {
        members[follower].stop().await;
        members[follower].options.debug_fsync_delay = Some(SLOW_FLUSH);
        members[follower].start().await;
    }
    let follower = members[(leader + 1) % 3].store();
    until("the followers are back", || members.iter().all(|member| member.node().control().status().leader.is_some()))
        .await;
    while get(&follower, Freshness::Linearizable, 1).await.is_err() {}

    let store = members[leader].store();
    let write = tokio::spawn(async move { insert(&store, 1, thing(1)).await });
    let mut meanwhile = 0;
    while !write.is_finished() {
        let read = get(&follower, Freshness::Linearizable, 1).await;
        assert!(read.is_ok(), "{read:?} after {meanwhile} reads");
        meanwhile += u32::from(!write.is_finished());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(write.await.unwrap().unwrap());
    assert!(meanwhile > 0, "no read was answered before the write was durable");
    assert_eq!(get(&follower, Freshness::Linearizable, 1).await.unwrap(), Some(thing(1)));
    for member in &mut members {
        member.stop().await;
    }
}
