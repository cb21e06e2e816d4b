//! Stopping, starting again, and folders that must not be opened.

use std::fs;

use raft_store::{Presence, StartError, presence};
use raft_store_core::Freshness;

use crate::world::{Member, another, first, free_port, get, insert, options, thing, until};

async fn refused(member: &Member) -> StartError {
    match raft_store::start(member.options.clone()).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_member_starts_again_with_all_it_had() {
    let mut one = first(|_| {}).await;
    for round in 0..3 {
        assert!(insert(&one.store(), round, thing(round)).await.unwrap());
        one.stop().await;
        one.start().await;
        until("it leads", || one.node().control().status().leader.is_some()).await;
        for id in 0..=round {
            assert_eq!(get(&one.store(), Freshness::Linearizable, id).await.unwrap(), Some(thing(id)));
        }
    }
    // Stopping twice is stopping once, and what is asked afterwards is answered.
    let store = one.store();
    one.node().shutdown().await;
    one.node().shutdown().await;
    assert!(get(&store, Freshness::Linearizable, 1).await.is_err());
    assert!(insert(&store, 9, thing(9)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_dropped_without_a_stop_takes_nothing_down_with_it() {
    let mut one = first(|_| {}).await;
    assert!(insert(&one.store(), 1, thing(1)).await.unwrap());
    drop(one.node.take());
    for _ in 0..100 {
        if let Ok(node) = raft_store::start(one.options.clone()).await {
            one.node = Some(node);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(get(&one.store(), Freshness::Local, 1).await.unwrap().is_some());
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_a_folder_and_one_member() {
    let mut one = first(|_| {}).await;
    let error = refused(&one).await;
    assert!(matches!(error, StartError::Locked(_)), "{error}");
    one.stop().await;
    let error = raft_store::init(one.options.clone()).await.err().unwrap();
    assert!(matches!(error, StartError::Member { node: 1, .. }), "{error}");

    let fresh = tempfile::tempdir().unwrap();
    assert_eq!(presence(fresh.path()).unwrap(), Presence::Fresh);
    let error = raft_store::start(options(fresh.path(), free_port())).await.err().unwrap();
    assert!(matches!(error, StartError::NotMember), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_mix_nodes_or_clusters_are_refused() {
    let mut one = first(|_| {}).await;
    let mut two = another(&one, |_| {}).await;
    let mut foreign = first(|_| {}).await;
    for member in [&mut one, &mut two, &mut foreign] {
        member.stop().await;
    }
    let folder = |member: &Member| member.options.data_dir.clone();

    // The certificate of another node; of another cluster.
    for other in [&two, &foreign] {
        fs::rename(folder(&one).join("peer"), folder(&one).join("own")).unwrap();
        fs::rename(folder(other).join("peer"), folder(&one).join("peer")).unwrap();
        let error = refused(&one).await;
        assert!(matches!(error, StartError::Mixed(_)), "{error}");
        fs::rename(folder(&one).join("peer"), folder(other).join("peer")).unwrap();
        fs::rename(folder(&one).join("own"), folder(&one).join("peer")).unwrap();
    }
    // The database of another node; of another cluster; none at all.
    fs::rename(folder(&one).join("db"), folder(&one).join("own")).unwrap();
    for other in [&two, &foreign] {
        fs::rename(folder(other).join("db"), folder(&one).join("db")).unwrap();
        let error = refused(&one).await;
        assert!(matches!(error, StartError::Mixed(_)), "{error}");
        fs::rename(folder(&one).join("db"), folder(other).join("db")).unwrap();
    }
    let error = refused(&one).await;
    assert!(matches!(error, StartError::Damaged { .. }), "a voter without its votes: {error}");
    assert!(!folder(&one).join("db").exists(), "no empty one took its place");
    fs::rename(folder(&one).join("own"), folder(&one).join("db")).unwrap();
    // Whose is it, anyway?
    let member = fs::read_to_string(folder(&one).join("member")).unwrap();
    for nonsense in ["", "1", "x y", "2 nobody"] {
        fs::write(folder(&one).join("member"), nonsense).unwrap();
        let error = refused(&one).await;
        assert!(matches!(error, StartError::Mixed(_)), "{error}");
    }
    fs::write(folder(&one).join("member"), member).unwrap();
    one.start().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_and_a_second_try_succeeds() {
    let mut one = first(|_| {}).await;
    one.stop().await;
    let taken = std::net::TcpListener::bind(one.options.peer_listen).unwrap();
    let error = refused(&one).await;
    assert!(matches!(error, StartError::Io(_)), "{error}");
    drop(taken);
    one.start().await;
    one.stop().await;
}
