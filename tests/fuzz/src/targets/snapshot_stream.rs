//! A snapshot on its way: header, runs, trailer.

use prost::Message;
use raft_store::fuzz::{run_checksum, snapshot};
use raft_store::proto::snapshot_chunk::Part;
use raft_store::proto::{self, Pair, SnapshotChunk, SnapshotHeader, SnapshotRun, SnapshotTrailer};
use raft_store_core::layout;

use super::peer_message::{log_id, records};
use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target { name: "snapshot_stream", run: target, seeds, words: &[], rounds: 400 };

/// Parts of one input.
const MOST: usize = 32;

fn header() -> SnapshotHeader {
    let membership = records().into_iter().find_map(|record| match record.payload {
        Some(proto::log_record::Payload::Membership(membership)) => Some(membership),
        _ => None,
    });
    SnapshotHeader {
        format: 1,
        vote: Some(proto::Vote { leader: log_id(0).leader, committed: true }),
        last: Some(log_id(7)),
        membership: Some(proto::StoredMembership { log_id: Some(log_id(3)), membership }),
        cluster_id: "c".into(),
        level: 1,
    }
}

fn good() -> Vec<Part> {
    let header = header();
    let position = Pair { key: layout::meta_key("log_id"), value: log_id(7).encode_to_vec() };
    let stored = header.membership.as_ref().map(Message::encode_to_vec).unwrap_or_default();
    let membership = Pair { key: layout::meta_key("membership"), value: stored };
    let pair = |key: &[u8]| Pair { key: key.to_vec(), value: b"v".to_vec() };
    let mut runs = vec![
        SnapshotRun { family: 1, pairs: vec![position, membership, pair(b"\x01a")], crc32c: 0 },
        SnapshotRun { family: 1, pairs: vec![pair(b"\x02b"), pair(b"\x02c")], crc32c: 0 },
        SnapshotRun { family: 2, pairs: vec![pair(b"x")], crc32c: 0 },
    ];
    let mut digest = Vec::new();
    for run in &mut runs {
        run.crc32c = run_checksum(run);
        digest.extend_from_slice(&run.crc32c.to_be_bytes());
    }
    let sha256 = raft_store_core::audit::body_digest(&digest).to_vec();
    let trailer = SnapshotTrailer { pairs: 6, runs: 3, sha256 };
    let runs = runs.into_iter().map(Part::Run);
    [Part::Header(header)].into_iter().chain(runs).chain([Part::Trailer(trailer)]).collect()
}

fn written(parts: Vec<Part>, mended: u8) -> Vec<u8> {
    let mut out = vec![mended];
    for part in parts {
        out.extend_from_slice(&SnapshotChunk { part: Some(part) }.encode_length_delimited_to_vec());
    }
    out
}

fn seeds() -> Vec<Vec<u8>> {
    let mut swapped = good();
    swapped.swap(1, 2);
    let mut twice = good();
    twice.insert(2, twice[1].clone());
    let mut without = good();
    without.remove(1);
    let mut seeds: Vec<Vec<u8>> = [good(), swapped, twice, without].into_iter().map(|parts| written(parts, 1)).collect();
    seeds.push(written(good(), 0));
    seeds
}

/// Whether a stream is whole, told the slow way.
fn is_whole(parts: &[Part]) -> bool {
    let [Part::Header(header), runs @ .., Part::Trailer(trailer)] = parts else { return false };
    let runs: Option<Vec<&SnapshotRun>> =
        runs.iter().map(|part| if let Part::Run(run) = part { Some(run) } else { None }).collect();
    let Some(runs) = runs else { return false };
    let keys: Vec<(u32, &[u8])> =
        runs.iter().flat_map(|run| run.pairs.iter().map(|pair| (run.family, pair.key.as_slice()))).collect();
    let holds = |name: &str, value: Option<Vec<u8>>| {
        let key = layout::meta_key(name);
        value.is_none_or(|value| {
            runs.iter().any(|run| run.family == 1 && run.pairs.iter().any(|pair| pair.key == key && pair.value == value))
        })
    };
    runs.iter().all(|run| (1..=2).contains(&run.family) && !run.pairs.is_empty() && run.crc32c == run_checksum(run))
        && keys.is_sorted_by(|one, next| one < next)
        && trailer.pairs == keys.len() as u64
        && trailer.runs == runs.len() as u64
        && header.last.is_some()
        && holds("log_id", header.last.map(|last| last.encode_to_vec()))
}

/// Parts, each with its length before it. With an odd first byte checksums and trailer are put right, so that what
/// lies behind them is reached. What is taken in is a whole state in order.
pub fn target(data: &[u8]) {
    let Some((mend, mut rest)) = data.split_first() else { return };
    let mut parts = Vec::new();
    while let Ok(SnapshotChunk { part: Some(part) }) = SnapshotChunk::decode_length_delimited(&mut rest) {
        parts.push(part);
        if parts.len() == MOST {
            break;
        }
    }
    if mend % 2 == 1 {
        put_right(&mut parts);
    }
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder for files");
    }
    let chunks = parts.iter().cloned().map(|part| SnapshotChunk { part: Some(part) });
    let taken = FOLDER.with(|folder| snapshot(folder.path(), chunks));
    if taken.is_ok() {
        let end = parts.iter().position(|part| matches!(part, Part::Trailer(_))).map_or(0, |at| at + 1);
        assert!(is_whole(&parts[..end]), "only a whole snapshot is taken in");
    }
}

fn put_right(parts: &mut [Part]) {
    let (mut digest, mut pairs, mut runs) = (Vec::new(), 0, 0);
    for part in parts {
        match part {
            Part::Run(run) => {
                run.crc32c = run_checksum(run);
                digest.extend_from_slice(&run.crc32c.to_be_bytes());
                pairs += run.pairs.len() as u64;
                runs += 1;
            }
            Part::Trailer(trailer) => {
                *trailer = SnapshotTrailer { pairs, runs, sha256: raft_store_core::audit::body_digest(&digest).to_vec() };
            }
            Part::Header(_) => {}
        }
    }
}
