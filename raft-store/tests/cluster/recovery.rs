//! From a lost quorum into a new life.

use std::fs;
use std::path::Path;

use raft_store::recovery::{RecoverError, Step, Survivor, recover, survey};
use raft_store_core::{Abort, Freshness, Request, View};

use crate::world::{Member, Things, another, get, insert, leader_of, thing, three, until};

/// Revisions of the second life begin here.
const SECOND_LIFE: u64 = 1 << 44;

#[expect(clippy::unnecessary_wraps, reason = "what a recovery is given may fail")]
fn nothing(_: &View<'_>) -> Result<Vec<Step>, Abort> {
    Ok(Vec::new())
}

async fn stop_all(members: &mut [Member]) {
    for member in members {
        member.stop().await;
    }
}

async fn recover_here(member: &Member, found: &Survivor) {
    let (before, bundle) = recover(member.options.clone(), &found.cluster, &nothing).await.unwrap();
    assert_eq!(&before, found);
    assert_ne!(bundle.cluster.to_string(), found.cluster);
}

async fn leads(member: &Member) {
    until("it leads alone", || {
        let status = member.node().control().status();
        status.state == "leader" && status.members.len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survivor_begins_a_new_life_and_the_old_members_stay_out() {
    let mut members = three(|_| {}).await;
    for id in 1..20 {
        assert!(insert(&members[0].store(), id, thing(id)).await.unwrap());
    }
    let old = members[0].node().control().status().cluster_id;
    let wait = members[0].node().control().status().applied;
    until("all have applied it", || members.iter().all(|m| m.node().control().status().applied >= wait)).await;
    stop_all(&mut members).await;

    let found = survey(members[0].options.clone()).await.unwrap();
    assert!(!found.quorum && found.votes && found.cluster == old);
    assert!(found.others.len() == 2 && found.others.iter().all(|voter| !voter.answers));
    let refused = recover(members[0].options.clone(), "another", &nothing).await;
    assert!(matches!(refused, Err(RecoverError::NotConfirmed(_))));
    let step = |_: &View<'_>| -> Result<Vec<Step>, Abort> {
        Ok(vec![Box::new(|tx| {
            let _ = tx.insert::<Things>(99, thing(99))?;
            Ok(())
        })])
    };
    recover(members[0].options.clone(), &found.cluster, &step).await.unwrap();

    members[0].start().await;
    leads(&members[0]).await;
    let one = members[0].store();
    for id in (1..20).chain([99]) {
        assert_eq!(get(&one, Freshness::Linearizable, id).await.unwrap(), Some(thing(id)));
    }
    let done = one.view(&Request::new("test"), Freshness::Linearizable, |_| Ok::<_, Abort>(())).await.unwrap();
    assert!(done.revision.0 > SECOND_LIFE);
    let status = members[0].node().control().status();
    assert!(status.cluster_id != old && status.trust.incarnation == 1 && !status.custody_confirmed);

    // An old member finds nobody, and disturbs nobody.
    members[1].start().await;
    assert!(insert(&one, 20, thing(20)).await.unwrap());
    assert!(insert(&members[1].store(), 21, thing(21)).await.is_err());
    assert!(get(&members[1].store(), Freshness::Linearizable, 1).await.is_err());
    let now = members[0].node().control().status();
    assert_eq!((now.term, now.members.len()), (status.term, 1));
    members[1].stop().await;

    let mut two = another(&members[0], |_| {}).await;
    let mut three = another(&members[0], |_| {}).await;
    until("three voters again", || {
        [&two, &three].iter().all(|member| {
            let status = member.node().control().status();
            status.members.iter().filter(|member| member.voter).count() == 3
        })
    })
    .await;
    assert_eq!(get(&two.store(), Freshness::Linearizable, 20).await.unwrap(), Some(thing(20)));
    assert!(two.node().control().status().node.0 > 3, "ids are never used twice");
    members[0].stop().await;
    assert!(insert(&three.store(), 22, thing(22)).await.is_ok());
    two.stop().await;
    three.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_is_refused_where_a_quorum_answers() {
    let mut members = three(|_| {}).await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    let cluster = members[0].node().control().status().cluster_id;
    members[2].stop().await;
    let found = survey(members[2].options.clone()).await.unwrap();
    assert!(found.quorum && found.others.iter().all(|voter| voter.answers && voter.applied.is_some()));
    let refused = recover(members[2].options.clone(), &cluster, &nothing).await;
    assert!(matches!(refused, Err(RecoverError::Quorum { answering: 3, voters: 3 })));
    let busy = survey(members[1].options.clone()).await;
    assert!(matches!(busy, Err(RecoverError::Start(_))), "a node that runs holds its folder");
    members[2].start().await;
    until("it is back", || members[2].node().control().status().leader.is_some()).await;
    assert_eq!(get(&members[2].store(), Freshness::Linearizable, 1).await.unwrap(), Some(thing(1)));
    stop_all(&mut members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_survivors_log_holds_is_kept_even_if_nobody_confirmed_it() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    assert!(insert(&members[leader].store(), 1, thing(1)).await.unwrap());
    for at in (0..3).filter(|at| *at != leader) {
        members[at].stop().await;
    }
    // Appended here, and nobody else is there to acknowledge it.
    assert!(insert(&members[leader].store(), 2, thing(2)).await.is_err());
    members[leader].stop().await;
    let found = survey(members[leader].options.clone()).await.unwrap();
    assert!(found.last_index > found.applied);
    recover_here(&members[leader], &found).await;
    members[leader].start().await;
    leads(&members[leader]).await;
    let store = members[leader].store();
    for id in [1, 2] {
        assert_eq!(get(&store, Freshness::Linearizable, id).await.unwrap(), Some(thing(id)));
    }
    drop(store);
    members[leader].stop().await;
    let found = survey(members[leader].options.clone()).await.unwrap();
    assert!(found.quorum, "a cluster of one has its quorum");
}

/// Moves what lies beside the database.
fn carry(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["member", "ca.der", "peer"] {
        fs::rename(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_recovery_is_finished_or_undone_by_the_next_start() {
    let mut members = three(|_| {}).await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    let folder = members[0].options.data_dir.clone();
    members[0].stop().await;

    // Before the one write: what was laid aside is of no use.
    fs::create_dir(folder.join("recovery")).unwrap();
    fs::write(folder.join("recovery/member"), "1 0123").unwrap();
    members[0].start().await;
    until("it is of the old cluster", || members[0].node().control().status().leader.is_some()).await;
    assert!(!folder.join("recovery").exists());
    stop_all(&mut members).await;

    // After it: the files are still those of the old member.
    let old = tempfile::tempdir().unwrap();
    let found = survey(members[0].options.clone()).await.unwrap();
    for name in ["member", "ca.der"] {
        fs::copy(folder.join(name), old.path().join(name)).unwrap();
    }
    fs::create_dir(old.path().join("peer")).unwrap();
    fs::copy(folder.join("peer/peer.pem"), old.path().join("peer/peer.pem")).unwrap();
    recover_here(&members[0], &found).await;
    carry(&folder, &folder.join("recovery"));
    for name in ["member", "ca.der"] {
        fs::copy(old.path().join(name), folder.join(name)).unwrap();
    }
    fs::create_dir(folder.join("peer")).unwrap();
    fs::copy(old.path().join("peer/peer.pem"), folder.join("peer/peer.pem")).unwrap();
    members[0].start().await;
    leads(&members[0]).await;
    let status = members[0].node().control().status();
    assert!(status.cluster_id != found.cluster && !folder.join("recovery").exists());
    assert_eq!(get(&members[0].store(), Freshness::Linearizable, 1).await.unwrap(), Some(thing(1)));
    members[0].stop().await;
}
