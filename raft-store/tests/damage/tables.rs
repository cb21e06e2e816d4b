//! The damage table: each kind of file of RocksDB, with our options.

use std::fs;
use std::time::Duration;

use raft_store::{Fault, StartError};
use raft_store_core::Freshness;

use crate::lives::{Copy, THINGS, flip};
use crate::world::get;

#[test]
fn what_was_not_damaged_is_whole() {
    Copy::new().is_whole();
}

/// Catches the mutant `default-wal-recovery`: RocksDB's default opens with what lies before.
#[test]
fn a_flipped_bit_inside_the_write_ahead_log_is_refused_and_the_file_named() {
    for tenth in [1, 3, 5, 7] {
        let copy = Copy::new();
        let wal = copy.wal();
        flip(&wal, tenth, 10);
        let said = copy.refused();
        assert!(said.contains("does not open") && said.contains("checksum"), "{said}");
        assert!(said.contains(&*wal.file_name().unwrap().to_string_lossy()) && said.contains("woad rejoin"), "{said}");
    }
}

#[test]
fn a_torn_last_record_that_nobody_was_promised_costs_nothing() {
    let copy = Copy::new();
    let wal = copy.wal();
    // The last record is what apply wrote after the entry was flushed: the log has it.
    let length = fs::metadata(&wal).unwrap().len();
    fs::OpenOptions::new().write(true).open(&wal).unwrap().set_len(length - 50).unwrap();
    copy.is_whole();
}

#[test]
fn a_write_ahead_log_cut_into_what_was_promised_is_refused() {
    let copy = Copy::new();
    let wal = copy.wal();
    let length = fs::metadata(&wal).unwrap().len();
    fs::OpenOptions::new().write(true).open(&wal).unwrap().set_len(length / 2).unwrap();
    let said = copy.refused();
    assert!(said.contains("behind the sentinel") && said.contains("woad rejoin"), "{said}");
}

#[test]
fn a_missing_write_ahead_log_is_refused() {
    let copy = Copy::new();
    fs::remove_file(copy.wal()).unwrap();
    let said = copy.refused();
    assert!(said.contains("woad rejoin"), "{said}");
}

#[test]
fn a_flipped_bit_anywhere_in_the_manifest_never_loses_a_record_without_a_word() {
    let mut refusals = 0;
    for at in 0..20 {
        let copy = Copy::new();
        let manifest = copy.files(|name| name.starts_with("MANIFEST")).pop().unwrap();
        flip(&manifest, at, 20);
        match copy.start() {
            Ok(life) => assert_eq!(life.stop_counting(), THINGS, "flipped at {at}/20"),
            Err(StartError::Damaged { why }) => {
                refusals += 1;
                assert!(why.contains("MANIFEST") || why.contains("sentinel") || why.contains("db"), "{why}");
            }
            Err(error) => panic!("flipped at {at}/20: {error:?}"),
        }
    }
    assert!(refusals > 10, "{refusals} of 20 were noticed at the start");
}

#[test]
fn a_missing_current_file_is_refused_before_an_empty_database_takes_its_place() {
    let copy = Copy::new();
    let current = copy.path().join("db/CURRENT");
    fs::remove_file(&current).unwrap();
    let tables = copy.files(|name| name.ends_with(".sst"));
    let said = copy.refused();
    assert!(said.contains("db/CURRENT") && said.contains("woad rejoin"), "{said}");
    assert!(tables.iter().all(|table| table.exists()), "what there was is still there");
}

#[test]
fn a_missing_table_is_refused_and_named() {
    let copy = Copy::new();
    let table = copy.files(|name| name.ends_with(".sst")).pop().unwrap();
    fs::remove_file(&table).unwrap();
    let said = copy.refused();
    assert!(said.contains(&*table.file_name().unwrap().to_string_lossy()), "{said}");
}

/// A read that meets damage is an error and ends the node's service, kept over a restart. It is never "absent", and no
/// scan ends early without a word.
#[test]
fn a_flipped_bit_in_a_table_is_never_an_absent_record() {
    let mut faults = 0;
    let tables = Copy::new().files(|name| name.ends_with(".sst")).len();
    for (number, at) in (0..tables).flat_map(|table| [1, 3].map(|at| (table, at))) {
        let copy = Copy::new();
        let table = copy.files(|name| name.ends_with(".sst")).remove(number);
        flip(&table, at, 8);
        let life = match copy.start() {
            Ok(life) => life,
            Err(StartError::Damaged { why }) => {
                // RocksDB may blame the manifest for a table's properties.
                assert!(why.contains(".sst") || why.contains("MANIFEST"), "{why}");
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        let (absent, fault) = life.runtime.block_on(async {
            let store = life.node.store();
            let mut absent = 0;
            for id in 0..THINGS {
                // Local: whatever state it has come to, what it says must be so.
                if let Ok(None) = get(&store, Freshness::Local, id).await {
                    absent += 1;
                }
            }
            drop(life.node.state_digest());
            let fault = tokio::time::timeout(Duration::from_secs(1), life.node.failed()).await.ok();
            life.node.shutdown().await;
            (absent, fault)
        });
        if let Some(fault) = fault {
            assert!(matches!(&fault, Fault::Damaged(why) if why.contains(".sst")), "{fault:?}");
            faults += 1;
            drop(life);
            let said = copy.refused();
            assert!(said.contains(".sst") && said.contains("woad rejoin"), "{said}");
        } else {
            assert_eq!(absent, 0, "table {number} flipped at {at}/8");
        }
    }
    assert!(faults > 0, "no flipped bit was met by a read");
}
