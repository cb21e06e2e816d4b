//! Peer certificates that have expired, are another's, or come back.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use raft_store::trust::ca::CertificateRequest;
use raft_store::trust::{NodeIdentity, NodeKey, PeerIdentity};
use raft_store::{RecoveryBundle, StartError};
use raft_store_core::{Freshness, Timestamp};

use crate::world::{Member, get, insert, leader_of, thing, three, three_and_bundle, until};

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Long enough for three nodes to come together, short enough to wait for its end.
const SHORT: Duration = Duration::from_secs(4);

fn now() -> Timestamp {
    Timestamp(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

fn peer(member: &Member) -> PathBuf {
    member.options.data_dir.join("peer")
}

fn identity(member: &Member) -> NodeIdentity {
    NodeIdentity::load(&peer(member)).unwrap().unwrap()
}

/// Puts a certificate into a stopped member's folder that ended yesterday.
fn expire(member: &Member, bundle: &RecoveryBundle) {
    let name = identity(member).name();
    let key = NodeKey::generate().unwrap();
    let certificate = bundle
        .ca
        .issue(&CertificateRequest {
            csr: &key.request().unwrap(),
            node: PeerIdentity { ..name },
            address: &member.options.peer_advertise.parse().unwrap(),
            now: Timestamp(now().0 - 2 * DAY_MS),
            serial: [7; 16],
            lifetime_ms: DAY_MS,
        })
        .unwrap();
    let chain = vec![certificate, bundle.ca.certificate().clone()];
    NodeIdentity::new(key, chain).unwrap().store(&peer(member)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_certificates_have_all_expired_comes_back_by_itself() {
    let mut members = three(|options| options.debug_certificate_life = Some(SHORT)).await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    for member in &mut members {
        member.stop().await;
    }
    until("all have expired", || members.iter().all(|member| identity(member).not_after() < now())).await;
    for member in &mut members {
        member.options.debug_certificate_life = None;
        member.start().await;
    }
    until("a leader", || members.iter().all(|member| member.node().control().status().leader.is_some())).await;
    assert!(insert(&members[leader_of(&members)].store(), 2, thing(2)).await.unwrap());
    for member in &mut members {
        assert!(identity(member).not_after().0 > now().0 + 80 * DAY_MS);
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_while_the_node_runs() {
    let mut members = three(|options| options.debug_certificate_life = Some(SHORT)).await;
    let first: Vec<Timestamp> = members.iter().map(|member| identity(member).not_after()).collect();
    until("all have new ones", || {
        members.iter().zip(&first).all(|(member, first)| {
            let status = member.node().control().status();
            status.trust.certificate_expires > *first && *first < now()
        })
    })
    .await;
    assert!(insert(&members[0].store(), 1, thing(1)).await.unwrap());
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_node_that_cannot_renew_drops_out_and_it_comes_back_without_a_restart() {
    let (mut members, bundle) = three_and_bundle(|_| {}).await;
    let leader = leader_of(&members);
    let (out, other) = ((leader + 1) % 3, (leader + 2) % 3);
    members[out].stop().await;
    expire(&members[out], &bundle);
    let key = members[out].options.data_dir.join("cluster.key");
    let aside = key.with_extension("aside");
    fs::rename(&key, &aside).unwrap();
    members[out].start().await;

    assert!(insert(&members[other].store(), 1, thing(1)).await.unwrap());
    let at = get(&members[other].store(), Freshness::Linearizable, 1).await.unwrap();
    assert_eq!(at, Some(thing(1)));
    assert!(get(&members[out].store(), Freshness::Linearizable, 1).await.is_err());
    let status = members[out].node().control().status();
    assert!(status.trust.certificate_expires < now() && status.sealed);
    assert_eq!(members[out].node().health().quorum_age, None, "it hears nobody");
    let term = members[leader].node().control().status().term;

    fs::rename(&aside, &key).unwrap();
    let store = members[out].store();
    until("it has renewed", || members[out].node().control().status().trust.certificate_expires > now()).await;
    until("it hears the leader", || members[out].node().control().status().leader.is_some()).await;
    assert!(insert(&store, 2, thing(2)).await.unwrap());
    assert_eq!(get(&store, Freshness::Linearizable, 1).await.unwrap(), Some(thing(1)));
    assert_eq!(members[leader].node().control().status().term, term, "it disturbed nobody");
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_anothers_certificate_does_not_start() {
    let mut members = three(|_| {}).await;
    let (one, two) = (0, 1);
    members[one].stop().await;
    members[two].stop().await;
    let aside = peer(&members[one]).with_extension("aside");
    fs::rename(peer(&members[one]), &aside).unwrap();
    fs::rename(peer(&members[two]), peer(&members[one])).unwrap();
    let refused = raft_store::start(members[one].options.clone()).await;
    assert!(matches!(refused, Err(StartError::Mixed(_))));
    fs::rename(peer(&members[one]), peer(&members[two])).unwrap();
    fs::rename(&aside, peer(&members[one])).unwrap();
    members[one].start().await;
    members[two].start().await;
    until("a leader", || members.iter().all(|member| member.node().control().status().leader.is_some())).await;
    for member in &mut members {
        member.stop().await;
    }
}
