//! What is replicated of a round: one row for the newest, one a node for its answer.

use prost::Message;
use raft_store_core::agreement::{Agreement, AgreementStatus, Asked, Finding, JOINED_MS, LASTS_MS, Round, judge};
use raft_store_core::apply::{Applied, Verdict};
use raft_store_core::{Abort, Key, NodeId, Read, Revision, Stored, Table, TableId, Timestamp, Tx, layout, wire};

use super::Hashed;

/// The newest round, at the empty key. Its revision is the index at which all hash.
pub(crate) struct Rounds;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RoundRow {
    #[prost(uint64, tag = "1")]
    began_ms: u64,
    #[prost(string, tag = "2")]
    reason: String,
    #[prost(uint64, repeated, tag = "3")]
    voters: Vec<u64>,
    #[prost(uint64, repeated, tag = "4")]
    learners: Vec<u64>,
    /// The newest round before this one that ended in agreement.
    #[prost(uint64, tag = "5")]
    verified_index: u64,
    #[prost(uint64, tag = "6")]
    verified_ms: u64,
}

impl Table for Rounds {
    type Key = ();
    type Row = RoundRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(30);
    const NAME: &'static str = "agreement_round";
}

/// The last answer of each node.
pub(crate) struct Answers;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnswerRow {
    /// The round that it answers.
    #[prost(uint64, tag = "1")]
    round: u64,
    /// 32 bytes; empty when the state could not be read.
    #[prost(bytes = "vec", tag = "2")]
    digest: Vec<u8>,
    #[prost(string, tag = "3")]
    error: String,
    #[prost(uint64, tag = "4")]
    took_ms: u64,
}

impl Table for Answers {
    type Key = u64;
    type Row = AnswerRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(31);
    const NAME: &'static str = "agreement_answers";
}

/// For the leader, which refuses writes to unknown tables.
pub(crate) const TABLES: [TableId; 2] = [Rounds::ID, Answers::ID];

/// Whether an applied entry says "hash here".
pub(crate) fn asks_for_hash(entry: &wire::Entry, applied: &Applied) -> bool {
    if applied.verdict != Verdict::Committed || applied.duplicate {
        return false;
    }
    entry.mutations.iter().any(|change| match &change.kind {
        Some(wire::mutation::Kind::Put(put)) => {
            layout::id_of(&put.key) == Some(Rounds::ID.0) && put.key == layout::row_key(Rounds::ID, &().to_bytes())
        }
        _ => false,
    })
}

fn answer_of(read: &impl Read, node: u64, voter: bool, round: Revision) -> Result<Asked, Abort> {
    let row = read.get::<Answers>(&node)?.map(|stored| stored.row).filter(|row| row.round == round.0);
    let took_ms = row.as_ref().map_or(0, |row| row.took_ms);
    let finding = row.map(|row| match row.digest.try_into() {
        Ok(digest) => Finding::Digest(digest),
        Err(_) => Finding::Unreadable(row.error),
    });
    Ok(Asked { node: NodeId(node), voter, finding, took_ms })
}

fn round_of(read: &impl Read, stored: &Stored<Rounds>) -> Result<Round, Abort> {
    let row = &stored.row;
    let began = Timestamp(row.began_ms);
    let mut asked = Vec::new();
    for (nodes, voter) in [(&row.voters, true), (&row.learners, false)] {
        for node in nodes {
            asked.push(answer_of(read, *node, voter, stored.revision)?);
        }
    }
    let agreement = judge(&asked, read.now() >= began.plus_ms(LASTS_MS));
    Ok(Round { index: stored.revision.0, began, reason: row.reason.clone(), asked, agreement })
}

/// The newest round and the newest agreement; why the node has left is not in the state.
pub(crate) fn look(read: &impl Read) -> Result<AgreementStatus, Abort> {
    let Some(stored) = read.get::<Rounds>(&())? else { return Ok(AgreementStatus::default()) };
    let round = round_of(read, &stored)?;
    let verified = if round.agreement == Agreement::Agreed {
        (round.index, round.began)
    } else {
        (stored.row.verified_index, Timestamp(stored.row.verified_ms))
    };
    Ok(AgreementStatus { round: Some(round), verified, left: None })
}

/// Begins a round, or says which one is to be joined.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    reason: &str,
    voters: &[u64],
    learners: &[u64],
) -> Result<Option<Revision>, Abort> {
    let now = tx.now();
    let before = look(tx)?;
    if let Some(round) = &before.round
        && round.agreement == Agreement::Pending
        && now < round.began.plus_ms(JOINED_MS)
    {
        return Ok(Some(Revision(round.index)));
    }
    let row = RoundRow {
        began_ms: now.0,
        reason: reason.to_owned(),
        voters: voters.to_vec(),
        learners: learners.to_vec(),
        verified_index: before.verified.0,
        verified_ms: before.verified.1.0,
    };
    // Never taken: the table has no unique index.
    let _ = tx.put::<Rounds>((), row)?;
    Ok(None)
}

/// Writes a node's answer; says whether its round is still the newest.
pub(super) fn answer(tx: &mut Tx<'_>, node: u64, hashed: &Hashed) -> Result<bool, Abort> {
    if tx.get::<Rounds>(&())?.map(|stored| stored.revision) != Some(hashed.index) {
        return Ok(false);
    }
    let (digest, error) = match &hashed.found {
        Finding::Digest(digest) => (digest.to_vec(), String::new()),
        Finding::Unreadable(why) => (Vec::new(), why.chars().take(MAX_WHY).collect()),
    };
    let took_ms = u64::try_from(hashed.took.as_millis()).unwrap_or(u64::MAX);
    let _ = tx.put::<Answers>(node, AnswerRow { round: hashed.index.0, digest, error, took_ms })?;
    Ok(true)
}

/// Characters of a storage's words that are kept.
const MAX_WHY: usize = 512;

#[cfg(test)]
mod tests {
    use raft_store_core::Outcome;
    use raft_store_core::memory::MemoryStore;
    use std::time::Duration;

    use super::*;

    fn found(index: u64, byte: u8) -> Hashed {
        Hashed { index: Revision(index), found: Finding::Digest([byte; 32]), took: Duration::ZERO }
    }

    fn began(store: &MemoryStore) -> Option<Revision> {
        store.run(|tx| begin(tx, "test", &[1, 2, 3], &[4]).map(Outcome::Commit)).unwrap()
    }

    fn looked(store: &MemoryStore) -> AgreementStatus {
        store.look(|view| look(view)).unwrap()
    }

    fn says(store: &MemoryStore, node: u64, hashed: &Hashed) -> bool {
        store.run(|tx| answer(tx, node, hashed).map(Outcome::Commit)).unwrap()
    }

    #[test]
    fn a_round_collects_its_own_answers_and_what_was_verified_outlives_it() {
        let store = MemoryStore::new(Timestamp(1_000));
        assert_eq!(began(&store), None);
        let first = looked(&store).round.unwrap();
        assert_eq!(began(&store), Some(Revision(first.index)), "asked again, it is joined");
        for node in 1..=4 {
            assert!(says(&store, node, &found(first.index, 7)));
        }
        let seen = looked(&store);
        assert_eq!(seen.round.unwrap().agreement, Agreement::Agreed);
        assert_eq!(seen.verified, (first.index, Timestamp(1_000)));

        store.set_now(Timestamp(50_000));
        assert_eq!(began(&store), None);
        let seen = looked(&store);
        assert_eq!(seen.verified, (first.index, Timestamp(1_000)));
        let second = seen.round.unwrap();
        assert!(second.asked.iter().all(|node| node.finding.is_none()), "old answers count no more");
        assert!(!says(&store, 1, &found(first.index, 7)), "too late for the first");
        for (node, byte) in [(1, 1), (2, 2), (3, 1)] {
            assert!(says(&store, node, &found(second.index, byte)));
        }
        let seen = looked(&store);
        assert_eq!(seen.round.unwrap().agreement, Agreement::Minority);
        assert_eq!(seen.verified.0, first.index);
    }
}
