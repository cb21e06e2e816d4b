//! The sentinel against a database that was put back.

use std::fs;

use raft_store::StartError;

use crate::lives::{Copy, flip};
use crate::world::thing;

fn put_back(copy: &Copy, older: &Copy) {
    fs::remove_dir_all(copy.path().join("db")).unwrap();
    fs::rename(older.path().join("db"), copy.path().join("db")).unwrap();
}

fn live_on(copy: &Copy) {
    let life = copy.start().unwrap();
    life.runtime.block_on(async {
        crate::world::until("it leads", || life.node.control().status().state == "leader").await;
        assert!(crate::world::insert(&life.node.store(), 1_000_000, thing(1_000_000)).await.unwrap());
        life.node.shutdown().await;
    });
}

/// Catches the mutant `sentinel-ignored`.
#[test]
fn an_older_database_under_a_newer_sentinel_is_refused() {
    let (copy, older) = (Copy::new(), Copy::new());
    live_on(&copy);
    put_back(&copy, &older);
    let said = copy.refused();
    assert!(said.contains("behind the sentinel") && said.contains("woad rejoin"), "{said}");
}

#[test]
fn a_newer_database_over_an_older_sentinel_is_served_from() {
    // As after a crash between the two writes.
    let (copy, newer) = (Copy::new(), Copy::new());
    live_on(&newer);
    put_back(&copy, &newer);
    copy.is_whole();
}

#[test]
fn one_damaged_slot_costs_nothing_and_two_are_refused() {
    let copy = Copy::new();
    let file = copy.path().join("sentinel");
    flip(&file, 20, 8192);
    copy.is_whole();
    // The start has written over the damaged one: it voted.
    for slot in [0, 1] {
        flip(&file, slot * 4096 + 20, 8192);
    }
    let said = copy.refused();
    assert!(said.contains("both slots") && said.contains("sentinel") && said.contains("woad rejoin"), "{said}");
    fs::remove_file(file).unwrap();
    assert!(copy.refused().contains("is missing"));
}

#[test]
fn the_folder_of_another_member_is_refused_whatever_else_fits() {
    let (copy, other) = (Copy::new(), Copy::new());
    let text = fs::read_to_string(copy.path().join("member")).unwrap();
    let (_, cluster) = text.split_once(' ').unwrap();
    fs::write(other.path().join("member"), format!("2 {cluster}")).unwrap();
    assert!(matches!(other.start(), Err(StartError::Mixed(_))));
}
