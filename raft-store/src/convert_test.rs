//! The bytes of log, votes, snapshots and proposals. A change here is a change of format: it needs a cluster level.

use std::collections::{BTreeMap, BTreeSet};

use openraft::EntryPayload;
use openraft::vote::RaftLeaderId;
use prost::Message;

use super::*;
use crate::types::Proposal;

fn hex(message: &impl Message) -> String {
    message.encode_to_vec().iter().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

fn id() -> LogId {
    LogId::new(LeaderId::new(5, 2), 300)
}

fn membership() -> Membership {
    let node = |port| PeerNode { address: format!("h:{port}") };
    let nodes = BTreeMap::from([(1, node(1)), (2, node(2)), (3, node(3))]);
    Membership::new(vec![BTreeSet::from([1, 2]), BTreeSet::from([2, 3])], nodes).unwrap()
}

/// Encodes as golden, and reads back as the same.
fn record(payload: EntryPayload<Proposal, u64, PeerNode>, golden: &str) {
    let entry = Entry { log_id: id(), payload };
    let record = record_to(&entry);
    assert_eq!(hex(&record), golden);
    let again = record_from(proto::LogRecord::decode(record.encode_to_vec().as_slice()).unwrap()).unwrap();
    assert_eq!(again, entry);
}

#[test]
fn log_records() {
    record(EntryPayload::Blank, "0a09 0a04 0805 1002 10ac02 1200".replace(' ', "").as_str());
    record(
        EntryPayload::Normal(Proposal(b"entry".to_vec().into())),
        "0a09 0a04 0805 1002 10ac02 1a05 656e747279".replace(' ', "").as_str(),
    );
    record(
        EntryPayload::Membership(membership()),
        "0a09 0a04 0805 1002 10ac02 2227 0a04 0a02 0102 0a04 0a02 0203 1207 0801 1203 683a31 1207 0802 1203 683a32 1207 0803 1203 683a33"
            .replace(' ', "")
            .as_str(),
    );
}

#[test]
fn ids_votes_and_memberships() {
    assert_eq!(hex(&log_id_to(&id())), "0a040805100210ac02");
    assert_eq!(log_id_from(log_id_to(&id())).unwrap(), id());
    let vote = Vote { leader_id: LeaderId::new(5, 2), committed: true };
    assert_eq!(hex(&vote_to(&vote)), "0a04080510021001");
    assert_eq!(vote_from(Some(vote_to(&vote))).unwrap(), vote);
    let stored = StoredMembership::new(Some(id()), membership());
    let golden = "0a090a040805100210ac0212270a040a0201020a040a02020312070801120368\
                  3a31120708021203683a32120708031203683a33";
    assert_eq!(hex(&stored_membership_to(&stored)), golden);
    assert_eq!(stored_membership_from(stored_membership_to(&stored)).unwrap(), stored);
    let empty = StoredMembership::default();
    assert_eq!(stored_membership_from(stored_membership_to(&empty)).unwrap(), empty);
}

#[test]
fn snapshots_and_proposals() {
    let header = proto::SnapshotHeader {
        format: 1,
        vote: Some(proto::Vote { leader: Some(proto::LeaderId { term: 5, node: 2 }), committed: true }),
        last: Some(log_id_to(&id())),
        membership: Some(proto::StoredMembership { log_id: None, membership: None }),
        cluster_id: "c".to_owned(),
        level: 1,
    };
    assert_eq!(hex(&header), "080112080a040805100210011a090a040805100210ac0222002a01633001");
    let pairs = vec![proto::Pair { key: b"k".to_vec(), value: b"v".to_vec() }];
    let run = proto::SnapshotRun { family: 1, pairs, crc32c: 0x0102_0304 };
    assert_eq!(hex(&run), "080112060a016b1201761d04030201");
    let trailer = proto::SnapshotTrailer { pairs: 3, runs: 2, sha256: vec![0xaa, 0xbb] };
    assert_eq!(hex(&trailer), "080310021a02aabb");
    let chunk = proto::SnapshotChunk { part: Some(proto::snapshot_chunk::Part::Trailer(trailer)) };
    assert_eq!(hex(&chunk), "1a08080310021a02aabb");
    let proposal = proto::Proposal { entry: b"e".to_vec(), again: true };
    assert_eq!(hex(&proto::ProposeBatch { proposals: vec![proposal] }), "0a050a01651001");
    let refusal =
        proto::Refusal { attempt: b"a".to_vec(), kind: proto::RefusalKind::RefusalDiscarded as i32, stamp_ms: 300 };
    assert_eq!(hex(&refusal), "0a0161100818ac02");
}

#[test]
fn what_lacks_a_part_is_malformed() {
    assert!(log_id_from(proto::LogId { leader: None, index: 1 }).is_err());
    assert!(vote_from(None).is_err());
    assert!(vote_from(Some(proto::Vote { leader: None, committed: true })).is_err());
    assert!(record_from(proto::LogRecord { log_id: Some(log_id_to(&id())), payload: None }).is_err());
    assert!(record_from(proto::LogRecord { log_id: None, payload: None }).is_err());
    assert!(stored_membership_from(proto::StoredMembership { log_id: None, membership: None }).is_err());
    let voters = proto::VoterSet { voters: vec![1] };
    let nodeless = proto::Membership { configs: vec![voters], nodes: Vec::new() };
    assert!(membership_from(nodeless).is_err(), "a voter that is no node");
}
