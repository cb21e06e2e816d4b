//! The files beside the database.

use std::fs;

use raft_store::StartError;

use crate::lives::{Copy, flip};

fn said(copy: &Copy) -> String {
    match copy.start() {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_damaged_member_file_or_certificate_is_refused_and_named() {
    let copy = Copy::new();
    fs::write(copy.path().join("member"), [0xff, 0xfe]).unwrap();
    assert!(said(&copy).contains("member"));

    let copy = Copy::new();
    flip(&copy.path().join("peer/peer.pem"), 1, 10);
    let text = said(&copy);
    assert!(text.contains("peer.pem"), "{text}");

    let copy = Copy::new();
    fs::remove_file(copy.path().join("peer/peer.pem")).unwrap();
    let text = said(&copy);
    assert!(text.contains("certificate is missing") || text.contains("peer.pem"), "{text}");

    let copy = Copy::new();
    fs::write(copy.path().join("ca.der"), "none").unwrap();
    assert!(copy.start().is_err(), "an authority that is none");
}

#[test]
fn with_a_damaged_cluster_key_the_node_votes_and_serves_nothing() {
    let copy = Copy::new();
    flip(&copy.path().join("cluster.key"), 1, 2);
    match copy.start() {
        Ok(life) => {
            assert!(life.node.health().sealed);
            life.runtime.block_on(life.node.shutdown());
        }
        Err(StartError::File(error)) => assert!(error.to_string().contains("cluster.key"), "{error}"),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_damaged_snapshot_of_its_own_costs_a_node_nothing_but_the_snapshot() {
    let copy = Copy::new();
    let folder = copy.path().join("snapshots/77-1");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("CURRENT"), "MANIFEST-000000\n").unwrap();
    copy.is_whole();
}
