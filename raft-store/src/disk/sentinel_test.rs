use std::fs;

use openraft::vote::RaftLeaderId;
use tempfile::TempDir;

use super::*;
use crate::types::LeaderId;

fn log_id(term: u64, index: u64) -> LogId {
    LogId::new(LeaderId::new(term, 1), index)
}

fn vote(term: u64, committed: bool) -> Vote {
    Vote { leader_id: LeaderId::new(term, 1), committed }
}

fn present(term: u64, last: LogId) -> Present {
    Present { generation: 1, vote: Some(vote(term, true)), last: Some(last) }
}

/// A sentinel that has seen some of a node's life.
fn lived() -> (TempDir, Present) {
    let folder = tempfile::tempdir().unwrap();
    let sentinel = Sentinel::create(folder.path(), "c", 3).unwrap();
    sentinel.voted(&vote(4, true)).unwrap();
    let mark = sentinel.mark(1, || Some(log_id(4, 100))).unwrap();
    sentinel.synced(mark).unwrap();
    (folder, present(4, log_id(4, 100)))
}

fn compared(folder: &TempDir, present: &Present) -> Result<(), SentinelError> {
    Sentinel::open(folder.path())?.compare("c", 3, present)
}

fn flip(folder: &TempDir, at: usize) {
    let path = folder.path().join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_database_that_holds_all_that_was_promised_or_more_is_served_from() {
    let (folder, present) = lived();
    compared(&folder, &present).unwrap();
    compared(&folder, &Present { vote: Some(vote(5, false)), ..present.clone() }).unwrap();
    compared(&folder, &Present { last: Some(log_id(4, 101)), ..present.clone() }).unwrap();
    compared(&folder, &Present { last: Some(log_id(5, 99)), ..present.clone() }).unwrap();
    compared(&folder, &Present { generation: 2, ..present }).unwrap();
}

#[test]
fn a_database_behind_what_was_promised_is_refused_and_the_loss_is_named() {
    let (folder, present) = lived();
    for (behind, words) in [
        (Present { vote: None, ..present.clone() }, "none is stored"),
        (Present { vote: Some(vote(3, true)), ..present.clone() }, "was promised"),
        (Present { vote: Some(vote(4, false)), ..present.clone() }, "was promised"),
        (Present { last: None, ..present.clone() }, "the log ends with nothing"),
        (Present { last: Some(log_id(4, 99)), ..present.clone() }, "was flushed"),
        (Present { last: Some(log_id(3, 200)), ..present.clone() }, "was flushed"),
        (Present { generation: 0, ..present.clone() }, "generation 1"),
    ] {
        let error = compared(&folder, &behind).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("sentinel"), "{error}");
    }
}

#[test]
fn of_two_slots_one_may_be_damaged_and_is_written_next() {
    for slot in [0, 1] {
        let (folder, mut present) = lived();
        flip(&folder, slot * SLOT + 30);
        compared(&folder, &present).unwrap();
        Sentinel::open(folder.path()).unwrap().voted(&vote(9, true)).unwrap();
        flip(&folder, (1 - slot) * SLOT + 30);
        assert!(matches!(compared(&folder, &present), Err(SentinelError::Behind { .. })), "slot {slot} is whole again");
        present.vote = Some(vote(9, true));
        compared(&folder, &present).unwrap();
    }
}

#[test]
fn without_a_slot_to_trust_nothing_is_served() {
    let (folder, present) = lived();
    flip(&folder, 30);
    flip(&folder, SLOT + 30);
    assert!(matches!(compared(&folder, &present), Err(SentinelError::Damaged(_))));
    fs::write(folder.path().join(FILE), b"").unwrap();
    assert!(matches!(compared(&folder, &present), Err(SentinelError::Damaged(_))));
    fs::remove_file(folder.path().join(FILE)).unwrap();
    assert!(matches!(compared(&folder, &present), Err(SentinelError::Missing(_))));
}

#[test]
fn a_folder_of_another_node_or_with_a_known_fault_is_refused() {
    let (folder, present) = lived();
    let sentinel = Sentinel::open(folder.path()).unwrap();
    assert!(matches!(sentinel.compare("c", 2, &present), Err(SentinelError::Owner { .. })));
    assert!(matches!(sentinel.compare("d", 3, &present), Err(SentinelError::Owner { .. })));
    sentinel.faulted("a block of 000012.sst is damaged").unwrap();
    let error = compared(&folder, &present).unwrap_err().to_string();
    assert!(error.contains("000012.sst"), "{error}");
}

#[test]
fn a_log_that_is_cut_back_takes_the_note_with_it_first() {
    let (folder, present) = lived();
    let sentinel = Sentinel::open(folder.path()).unwrap();
    let early = sentinel.mark(1, || Some(log_id(4, 100))).unwrap();
    let changing = sentinel.truncating(Some(log_id(3, 90))).unwrap();
    assert!(sentinel.mark(1, || Some(log_id(4, 100))).is_none(), "no mark while the end changes");
    // A crash here: the log is as it was, or cut back. Both are served from.
    compared(&folder, &present).unwrap();
    let cut = Present { last: Some(log_id(3, 90)), ..present };
    compared(&folder, &cut).unwrap();
    drop(changing);
    // A flush that began before ends now: what it covered is gone.
    sentinel.synced(early).unwrap();
    compared(&folder, &cut).unwrap();
    let mark = sentinel.mark(1, || Some(log_id(5, 91))).unwrap();
    sentinel.synced(mark).unwrap();
    assert!(compared(&folder, &cut).is_err());
}

#[test]
fn what_did_not_move_is_not_written() {
    let (folder, _) = lived();
    let sentinel = Sentinel::open(folder.path()).unwrap();
    let before = fs::read(folder.path().join(FILE)).unwrap();
    sentinel.voted(&vote(4, true)).unwrap();
    let mark = sentinel.mark(1, || Some(log_id(4, 100))).unwrap();
    sentinel.synced(mark).unwrap();
    assert_eq!(before, fs::read(folder.path().join(FILE)).unwrap());
}
