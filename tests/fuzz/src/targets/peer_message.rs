//! Messages of other nodes: every call's decoding and conversion.

use raft_store::fuzz::{PEER_MESSAGES, peer_message};
use raft_store::proto::{self, append_response, log_record::Payload};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target { name: "peer_message", run: target, seeds, words: &[], rounds: 20_000 };

pub(super) fn log_id(index: u64) -> proto::LogId {
    proto::LogId { leader: Some(proto::LeaderId { term: 3, node: 2 }), index }
}

pub(super) fn records() -> Vec<proto::LogRecord> {
    let member = |id| proto::Member { id, address: format!("10.0.0.{id}:7000") };
    let membership = proto::Membership {
        configs: vec![proto::VoterSet { voters: vec![1, 2, 3] }, proto::VoterSet { voters: vec![2, 3] }],
        nodes: vec![member(1), member(2), member(3)],
    };
    let payloads = [
        Payload::Blank(proto::Blank {}),
        Payload::Transaction((super::entry::TARGET.seeds)().remove(0).into()),
        Payload::Membership(membership),
    ];
    (1..).zip(payloads).map(|(at, payload)| proto::LogRecord { log_id: Some(log_id(at)), payload: Some(payload) }).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    use prost::Message;
    let vote = Some(proto::Vote { leader: Some(proto::LeaderId { term: 3, node: 2 }), committed: true });
    let append = proto::AppendRequest { vote, previous: Some(log_id(0)), entries: records(), committed: Some(log_id(3)) };
    let proposal = proto::Proposal { entry: vec![1, 2], again: true };
    let refusal = proto::Refusal { attempt: vec![1; 16], kind: 3, stamp_ms: 5 };
    let messages: [Vec<u8>; PEER_MESSAGES as usize] = [
        append.encode_to_vec(),
        proto::VoteRequest { vote, last: Some(log_id(9)), leadership_transfer: true }.encode_to_vec(),
        proto::VoteResponse { vote, granted: true, last: None }.encode_to_vec(),
        proto::TransferRequest { from: vote, to: 3, last: Some(log_id(9)) }.encode_to_vec(),
        proto::AppendResponse { result: Some(append_response::Result::Conflict(log_id(2))) }.encode_to_vec(),
        proto::ProposeBatch { proposals: vec![proposal.clone(), proposal] }.encode_to_vec(),
        proto::ProposeAnswer { refusals: vec![refusal] }.encode_to_vec(),
        proto::HelloRequest { cluster_id: "c".into(), node: 2, last: Some(log_id(4)), ..Default::default() }.encode_to_vec(),
        proto::JoinRequest { token_id: "00".into(), secret: vec![7; 32], peer_address: "h:1".into(), ..Default::default() }.encode_to_vec(),
        proto::HeartbeatRequest { vote, previous: Some(log_id(7)), committed: None }.encode_to_vec(),
    ];
    (0..).zip(messages).map(|(kind, bytes)| [vec![kind], bytes].concat()).collect()
}

/// The first byte names the call. What is taken in is written again as it was understood, and understood so again.
pub fn target(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let kind = kind % PEER_MESSAGES;
    if let Some(once) = peer_message(kind, bytes) {
        assert_eq!(peer_message(kind, &once).as_ref(), Some(&once), "a message is the same after a journey");
    }
}
