//! Rotation of cluster key and authority.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use raft_store::proto::HelloRequest;
use raft_store::trust::ca::{CertificateRequest, NODE_LIFETIME_MS};
use raft_store::trust::{CaPin, ClusterKey, NodeIdentity, NodeKey, PeerIdentity, RecoveryBundle};
use raft_store_core::cluster::ClusterControl;
use raft_store_core::{Freshness, NodeId, Request, Store, Timestamp};

use crate::peers::speak_as;
use crate::world::{Member, get, insert, leader_of, options, thing, three_and_bundle, until};

fn control(member: &Member) -> Arc<dyn ClusterControl> {
    member.node().control()
}

fn waiting(member: &Member) -> Vec<Vec<NodeId>> {
    control(member).status().trust.rotations.into_iter().map(|rotation| rotation.waiting_for).collect()
}

async fn ended(members: &[Member]) {
    let running = || members.iter().filter(|member| member.node.is_some());
    until("no rotation is under way", || running().all(|member| waiting(member).is_empty())).await;
    until("the files have settled", || {
        running().all(|member| !member.options.data_dir.join("cluster.key.next").exists())
    })
    .await;
}

fn key_of(member: &Member) -> ClusterKey {
    ClusterKey::load(&member.options.data_dir.join("cluster.key")).unwrap().unwrap()
}

fn identity(member: &Member) -> NodeIdentity {
    NodeIdentity::load(&member.options.data_dir.join("peer")).unwrap().unwrap()
}

fn issuer(member: &Member) -> Option<CaPin> {
    identity(member).chain().get(1).and_then(CaPin::of)
}

async fn rotate_key(member: &Member) -> RecoveryBundle {
    let text = control(member).rotate_key(&Request::new("test")).await.unwrap();
    RecoveryBundle::from_text(&text).unwrap()
}

async fn rotate_authority(member: &Member) -> RecoveryBundle {
    let text = control(member).rotate_authority(&Request::new("test")).await.unwrap();
    RecoveryBundle::from_text(&text).unwrap()
}

/// Writes without a pause until told to stop; every write must succeed.
struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn on(stores: Vec<Store>) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let task = |(at, store): (usize, Store)| {
            let (stop, written) = (Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                let mut id = 1_000_000 * (at as u64 + 1);
                while !stop.load(Ordering::Relaxed) {
                    id += 1;
                    assert!(insert(&store, id, thing(id)).await.unwrap());
                    written.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        };
        let tasks = stores.into_iter().enumerate().map(task).collect();
        Self { stop, written, tasks }
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.written.load(Ordering::Relaxed)
    }
}

async fn stop_all(members: &mut [Member]) {
    for member in members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_rotate_under_load_and_no_write_fails() {
    let (mut members, first) = three_and_bundle(|_| {}).await;
    control(&members[0]).confirm_custody(&Request::new("test")).await.unwrap();
    let load = Load::on(members.iter().map(Member::store).collect());
    let term = control(&members[0]).status().term;

    let second = rotate_key(&members[1]).await;
    assert_ne!(second.cluster_key.id(), first.cluster_key.id());
    assert_eq!(second.ca.pin(), first.ca.pin());
    assert!(!control(&members[0]).status().custody_confirmed, "there is a new bundle to keep");
    ended(&members).await;
    for member in &members {
        assert_eq!(key_of(member).id(), second.cluster_key.id());
    }

    let third = rotate_authority(&members[2]).await;
    assert_eq!(third.cluster_key.id(), second.cluster_key.id());
    assert_ne!(third.ca.pin(), first.ca.pin());
    ended(&members).await;
    for member in &members {
        assert_eq!(issuer(member), Some(third.ca.pin()));
    }
    assert!(load.end().await > 20);
    assert_eq!(control(&members[0]).status().term, term, "nobody stood for election");

    stop_all(&mut members).await;
    for member in &mut members {
        member.start().await;
    }
    until("all are unsealed and have a leader", || {
        members.iter().all(|member| {
            let status = control(member).status();
            !status.sealed && status.leader.is_some()
        })
    })
    .await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    stop_all(&mut members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_down_during_both_rotations_comes_back() {
    let (mut members, first) = three_and_bundle(|_| {}).await;
    let leader = leader_of(&members);
    let (down, up) = ((leader + 1) % 3, (leader + 2) % 3);
    let id = control(&members[down]).status().node;
    members[down].stop().await;
    rotate_key(&members[up]).await;
    until("it waits for the one that is down", || waiting(&members[leader]) == [vec![id]]).await;
    let last = rotate_authority(&members[up]).await;
    until("both wait for the one that is down", || waiting(&members[leader]) == [vec![id], vec![id]]).await;
    assert!(insert(&members[leader].store(), 1, thing(1)).await.unwrap());

    // Leaders and whole processes may change meanwhile.
    members[up].stop().await;
    members[up].start().await;
    until("two are up", || control(&members[up]).status().leader.is_some()).await;
    assert!(insert(&members[up].store(), 2, thing(2)).await.unwrap());

    members[down].start().await;
    ended(&members).await;
    for member in &members {
        assert_eq!(issuer(member), Some(last.ca.pin()));
        assert_eq!(key_of(member).id(), last.cluster_key.id());
        assert!(!control(member).status().sealed);
    }
    assert_ne!(last.cluster_key.id(), first.cluster_key.id());
    assert_eq!(get(&members[down].store(), Freshness::Linearizable, 2).await.unwrap(), Some(thing(2)));
    stop_all(&mut members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_left_behind_is_out_and_the_rest_goes_on() {
    let (mut members, _) = three_and_bundle(|_| {}).await;
    let leader = leader_of(&members);
    let (down, up) = ((leader + 1) % 3, (leader + 2) % 3);
    let id = control(&members[down]).status().node;
    let finish = || {
        let control = control(&members[up]);
        async move { control.finish_rotation(&Request::new("test")).await }
    };
    rotate_authority(&members[up]).await;
    assert!(finish().await.is_err(), "everybody answers");
    ended(&members).await;
    members[down].stop().await;
    rotate_authority(&members[up]).await;
    until("it waits for the one that is down", || waiting(&members[up]) == [vec![id]]).await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let control = control(&members[up]);
    assert_eq!(control.finish_rotation(&Request::new("test")).await.unwrap(), [id]);
    until("it has ended", || waiting(&members[up]).is_empty() && waiting(&members[leader]).is_empty()).await;
    members[down].start().await;
    assert!(insert(&members[leader].store(), 1, thing(1)).await.unwrap());
    assert!(get(&members[down].store(), Freshness::Linearizable, 1).await.is_err());
    stop_all(&mut members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_node_knows_opens_nothing() {
    let (mut members, first) = three_and_bundle(|_| {}).await;
    let leader = leader_of(&members);
    let (gone, left) = ((leader + 1) % 3, (leader + 2) % 3);
    let id = control(&members[gone]).status().node;
    let token =
        control(&members[left]).create_join_token(&Request::new("test"), Duration::from_secs(60)).await.unwrap();

    // A certificate in the name of the leader, by the authority that the removed node knows.
    let key = NodeKey::generate().unwrap();
    let name: PeerIdentity = identity(&members[left]).name();
    let certificate = first
        .ca
        .issue(&CertificateRequest {
            csr: &key.request().unwrap(),
            node: name,
            address: &"127.0.0.1:1".parse().unwrap(),
            now: Timestamp(control(&members[left]).status().clock.0),
            serial: [9; 16],
            lifetime_ms: NODE_LIFETIME_MS,
        })
        .unwrap();
    let forged = NodeIdentity::new(key, vec![certificate, first.ca.certificate().clone()]).unwrap();
    let hello = HelloRequest {
        cluster_id: control(&members[left]).status().cluster_id,
        node: name.node.0,
        last: None,
        supported_level: 1,
        version: String::new(),
        ..HelloRequest::default()
    };
    let mut before = speak_as(&forged, first.ca.certificate(), &members[leader]).await.unwrap();
    assert!(before.hello(hello.clone()).await.is_ok(), "until the rotation it passes for the node");

    let text = control(&members[left]).remove(&Request::new("test"), id, false).await.unwrap().unwrap();
    let bundle = RecoveryBundle::from_text(&text).unwrap();
    members[gone].stop().await;
    ended(&members).await;
    for at in [leader, left] {
        assert_eq!(key_of(&members[at]).id(), bundle.cluster_key.id());
        assert_eq!(issuer(&members[at]), Some(bundle.ca.pin()));
    }
    assert!(bundle.cluster_key.id() != first.cluster_key.id() && bundle.ca.pin() != first.ca.pin());
    until("nobody trusts the old authority", || {
        [leader, left].iter().all(|at| {
            let trusted = std::fs::read(members[*at].options.data_dir.join("ca.der")).unwrap();
            trusted == bundle.ca.certificate().as_ref()
        })
    })
    .await;

    // Neither the connection that was open nor a new one is heard.
    let mut cut = false;
    for _ in 0..100 {
        cut = before.hello(hello.clone()).await.is_err();
        if cut {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(cut, "the open connection has ended");
    if let Ok(mut again) = speak_as(&forged, bundle.ca.certificate(), &members[leader]).await {
        assert!(again.hello(hello).await.is_err());
    }
    let folder = tempfile::tempdir().unwrap();
    let late = options(folder.path(), crate::world::free_port());
    assert!(raft_store::join(late, &token.token).await.is_err(), "join tokens of that time are void");
    assert!(insert(&members[left].store(), 1, thing(1)).await.unwrap());
    stop_all(&mut members).await;
}
