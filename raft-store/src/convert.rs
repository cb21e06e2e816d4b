//! Between openraft's types and our own messages.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use openraft::EntryPayload;
use openraft::vote::RaftLeaderId;

use crate::proto;
use crate::types::{Entry, LeaderId, LogId, Membership, PeerNode, Proposal, StoredMembership, Vote};

/// A message that lacks a part or has one too many.
pub(crate) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

pub(crate) fn leader_to(leader: &LeaderId) -> proto::LeaderId {
    proto::LeaderId { term: leader.term, node: leader.node_id }
}

pub(crate) fn leader_from(leader: proto::LeaderId) -> LeaderId {
    LeaderId::new(leader.term, leader.node)
}

pub(crate) fn log_id_to(log_id: &LogId) -> proto::LogId {
    proto::LogId { leader: Some(leader_to(&log_id.leader_id)), index: log_id.index }
}

pub(crate) fn log_id_from(log_id: proto::LogId) -> io::Result<LogId> {
    let leader = log_id.leader.ok_or_else(|| malformed("log id"))?;
    Ok(LogId::new(leader_from(leader), log_id.index))
}

pub(crate) fn optional_log_id_from(log_id: Option<proto::LogId>) -> io::Result<Option<LogId>> {
    log_id.map(log_id_from).transpose()
}

pub(crate) fn vote_to(vote: &Vote) -> proto::Vote {
    proto::Vote { leader: Some(leader_to(&vote.leader_id)), committed: vote.committed }
}

pub(crate) fn vote_from(vote: Option<proto::Vote>) -> io::Result<Vote> {
    let vote = vote.ok_or_else(|| malformed("vote"))?;
    let leader = leader_from(vote.leader.ok_or_else(|| malformed("vote"))?);
    Ok(Vote { leader_id: leader, committed: vote.committed })
}

pub(crate) fn membership_to(membership: &Membership) -> proto::Membership {
    let configs = membership.get_joint_config().iter();
    proto::Membership {
        configs: configs.map(|config| proto::VoterSet { voters: config.iter().copied().collect() }).collect(),
        nodes: membership.nodes().map(|(id, node)| proto::Member { id: *id, address: node.address.clone() }).collect(),
    }
}

pub(crate) fn membership_from(membership: proto::Membership) -> io::Result<Membership> {
    let configs: Vec<BTreeSet<u64>> =
        membership.configs.into_iter().map(|config| config.voters.into_iter().collect()).collect();
    let nodes: BTreeMap<u64, PeerNode> =
        membership.nodes.into_iter().map(|node| (node.id, PeerNode { address: node.address })).collect();
    if configs.is_empty() && nodes.is_empty() {
        return Ok(Membership::default());
    }
    Membership::new(configs, nodes).map_err(|_| malformed("membership"))
}

pub(crate) fn stored_membership_to(stored: &StoredMembership) -> proto::StoredMembership {
    proto::StoredMembership {
        log_id: stored.log_id().as_ref().map(log_id_to),
        membership: Some(membership_to(stored.membership())),
    }
}

pub(crate) fn stored_membership_from(stored: proto::StoredMembership) -> io::Result<StoredMembership> {
    let membership = stored.membership.ok_or_else(|| malformed("membership"))?;
    Ok(StoredMembership::new(optional_log_id_from(stored.log_id)?, membership_from(membership)?))
}

pub(crate) fn record_to(entry: &Entry) -> proto::LogRecord {
    use proto::log_record::Payload;
    let payload = match &entry.payload {
        EntryPayload::Blank => Payload::Blank(proto::Blank {}),
        EntryPayload::Normal(proposal) => Payload::Transaction(proposal.0.clone()),
        EntryPayload::Membership(membership) => Payload::Membership(membership_to(membership)),
    };
    proto::LogRecord { log_id: Some(log_id_to(&entry.log_id)), payload: Some(payload) }
}

pub(crate) fn record_from(record: proto::LogRecord) -> io::Result<Entry> {
    use proto::log_record::Payload;
    let log_id = log_id_from(record.log_id.ok_or_else(|| malformed("log record"))?)?;
    let payload = match record.payload.ok_or_else(|| malformed("log record"))? {
        Payload::Blank(_) => EntryPayload::Blank,
        Payload::Transaction(bytes) => EntryPayload::Normal(Proposal(bytes)),
        Payload::Membership(membership) => EntryPayload::Membership(membership_from(membership)?),
    };
    Ok(Entry { log_id, payload })
}

#[cfg(test)]
#[path = "convert_test.rs"]
mod tests;
