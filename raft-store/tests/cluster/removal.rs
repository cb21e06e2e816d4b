//! Members that go, are gone, or never came.

use std::time::{Duration, Instant};

use raft_store_core::cluster::ClusterError;
use raft_store_core::{Freshness, NodeId, Request};

use crate::world::{Member, another, first, get, insert, leader_of, options, thing, three, until};

fn id(member: &Member) -> NodeId {
    member.node().control().status().node
}

async fn remove(at: &Member, node: NodeId) -> Result<(), ClusterError> {
    at.node().control().remove(&Request::new("test"), node, true).await.map(drop)
}

fn voters(at: &Member) -> usize {
    at.node().control().status().members.iter().filter(|member| member.voter).count()
}

async fn pair() -> (Member, Member) {
    let one = first(|_| {}).await;
    let two = another(&one, |_| {}).await;
    until("two voters", || voters(&one) == 2 && voters(&two) == 2).await;
    (one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_gone_can_be_removed() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let (gone, other) = ((leader + 1) % 3, (leader + 2) % 3);
    let node = id(&members[gone]);
    members[gone].stop().await;
    remove(&members[other], node).await.unwrap();
    until("two voters", || voters(&members[leader]) == 2 && voters(&members[other]) == 2).await;
    assert!(insert(&members[other].store(), 1, thing(1)).await.unwrap());
    // It never learnt of it. Coming back, it is refused and disturbs nobody.
    let leads = members[leader].node().control().status();
    members[gone].start().await;
    assert!(insert(&members[gone].store(), 2, thing(2)).await.is_err());
    assert!(get(&members[gone].store(), Freshness::Linearizable, 1).await.is_err());
    let now = members[leader].node().control().status();
    assert_eq!((now.term, now.leader), (leads.term, leads.leader));
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_removed_hands_over_first() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let node = id(&members[leader]);
    let start = Instant::now();
    remove(&members[leader], node).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    let left: Vec<usize> = (0..3).filter(|at| *at != leader).collect();
    until("two voters", || left.iter().all(|at| voters(&members[*at]) == 2)).await;
    assert!(insert(&members[left[0]].store(), 1, thing(1)).await.unwrap());
    assert!(insert(&members[leader].store(), 2, thing(2)).await.is_err());
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_voters_either_can_go_while_both_answer() {
    let (mut one, mut two) = pair().await;
    assert!(insert(&two.store(), 1, thing(1)).await.unwrap());
    let node = id(&one);
    remove(&two, node).await.unwrap();
    until("one voter", || voters(&two) == 1).await;
    assert!(insert(&two.store(), 2, thing(2)).await.unwrap());
    assert!(matches!(remove(&two, id(&two)).await, Err(ClusterError::Unsafe(_))), "the last one stays");
    assert!(matches!(remove(&two, NodeId(77)).await, Err(ClusterError::NoSuchMember(_))));
    one.stop().await;
    two.stop().await;
    two.start().await;
    until("it leads alone", || two.node().control().status().state == "leader").await;
    assert_eq!(get(&two.store(), Freshness::Linearizable, 1).await.unwrap(), Some(thing(1)));
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_nobody_is_removed_and_that_is_said_at_once() {
    let (mut one, mut two) = pair().await;
    let node = id(&two);
    two.stop().await;
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    let start = Instant::now();
    let refused = remove(&one, node).await;
    assert!(matches!(refused, Err(ClusterError::Unsafe(_))), "{refused:?}");
    assert!(start.elapsed() < Duration::from_secs(1));
    two.start().await;
    for _ in 0..100 {
        if insert(&two.store(), 5, thing(5)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(get(&one.store(), Freshness::Linearizable, 5).await.unwrap(), Some(thing(5)));
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_let_in_and_never_came_costs_nothing_and_can_be_removed() {
    let mut one = first(|_| {}).await;
    let control = one.node().control();
    let token = control.create_join_token(&Request::new("test"), Duration::from_secs(60)).await.unwrap();
    // It cannot listen at its address: it is let in, and then does not start.
    let folder = tempfile::tempdir().unwrap();
    let busy_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ghost = options(folder.path(), busy_port.local_addr().unwrap().port());
    assert!(raft_store::join(ghost.clone(), &token.token).await.is_err());
    until("it is a learner", || control.status().members.len() == 2).await;
    assert!(insert(&one.store(), 1, thing(1)).await.unwrap());
    assert_eq!(voters(&one), 1);

    // The token is spent, but its folder is a member's already: it needs only to be started.
    drop(busy_port);
    let node = raft_store::start(ghost.clone()).await.unwrap();
    until("it votes", || voters(&one) == 2).await;
    let mut two = Member::of(folder, node, ghost);
    remove(&one, id(&two)).await.unwrap();
    two.stop().await;

    let token = control.create_join_token(&Request::new("test"), Duration::from_secs(60)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let busy_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ghost = options(folder.path(), busy_port.local_addr().unwrap().port());
    assert!(raft_store::join(ghost, &token.token).await.is_err());
    until("it is a learner", || control.status().members.len() == 2).await;
    remove(&one, NodeId(3)).await.unwrap();
    assert_eq!(control.status().members.len(), 1);
    assert!(insert(&one.store(), 2, thing(2)).await.unwrap());
    one.stop().await;
}
