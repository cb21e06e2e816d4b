//! What the fuzz targets of `tests/fuzz` reach beyond this crate's interface. It changes with them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use prost::Message;
use raft_store_core::{Level, ReadKv};

use crate::convert;
use crate::disk::{Folder, SharedVolume};
use crate::machine::{Received, load_progress, meta_of};
use crate::net::heartbeat;
use crate::proto::{self, SnapshotChunk, SnapshotRun, snapshot_chunk::Part};
use crate::trust;

/// Calls of the peer service, by their request; answers are parsed by the node that asked.
pub const PEER_MESSAGES: u8 = 10;

fn decoded<M: Message + Default>(bytes: &[u8]) -> Option<M> {
    M::decode(bytes).ok()
}

/// A message taken in as its receiver does, and written again; `None` when it is refused. `kind` is below
/// [`PEER_MESSAGES`].
#[must_use]
pub fn peer_message(kind: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        0 => append(decoded(bytes)?),
        1 => {
            let sent: proto::VoteRequest = decoded(bytes)?;
            let vote = convert::vote_from(sent.vote).ok()?;
            let last = convert::optional_log_id_from(sent.last).ok()?;
            let (vote, last) = (Some(convert::vote_to(&vote)), last.as_ref().map(convert::log_id_to));
            Some(proto::VoteRequest { vote, last, ..sent }.encode_to_vec())
        }
        2 => {
            let sent: proto::VoteResponse = decoded(bytes)?;
            let vote = convert::vote_from(sent.vote).ok()?;
            let last = convert::optional_log_id_from(sent.last).ok()?;
            let (vote, last) = (Some(convert::vote_to(&vote)), last.as_ref().map(convert::log_id_to));
            Some(proto::VoteResponse { vote, last, ..sent }.encode_to_vec())
        }
        3 => {
            let sent: proto::TransferRequest = decoded(bytes)?;
            let from = convert::vote_from(sent.from).ok()?;
            let last = convert::optional_log_id_from(sent.last).ok()?;
            let (from, last) = (Some(convert::vote_to(&from)), last.as_ref().map(convert::log_id_to));
            Some(proto::TransferRequest { from, last, ..sent }.encode_to_vec())
        }
        4 => Some(decoded::<proto::AppendResponse>(bytes)?.encode_to_vec()),
        5 => Some(decoded::<proto::ProposeBatch>(bytes)?.encode_to_vec()),
        6 => Some(decoded::<proto::ProposeAnswer>(bytes)?.encode_to_vec()),
        7 => Some(decoded::<proto::HelloRequest>(bytes)?.encode_to_vec()),
        8 => Some(decoded::<proto::JoinRequest>(bytes)?.encode_to_vec()),
        _ => Some(heartbeat::request_to(&heartbeat::request_from(decoded(bytes)?).ok()?).encode_to_vec()),
    }
}

fn append(sent: proto::AppendRequest) -> Option<Vec<u8>> {
    let vote = convert::vote_from(sent.vote).ok()?;
    let previous = convert::optional_log_id_from(sent.previous).ok()?;
    let committed = convert::optional_log_id_from(sent.committed).ok()?;
    let entries = sent
        .entries
        .into_iter()
        .map(|record| convert::record_from(record).ok().map(|entry| convert::record_to(&entry)));
    let again = proto::AppendRequest {
        vote: Some(convert::vote_to(&vote)),
        previous: previous.as_ref().map(convert::log_id_to),
        entries: entries.collect::<Option<_>>()?,
        committed: committed.as_ref().map(convert::log_id_to),
    };
    Some(again.encode_to_vec())
}

/// A log record taken off the disk and written again; `None` when it is refused.
#[must_use]
pub fn log_record(bytes: &[u8]) -> Option<Vec<u8>> {
    let entry = convert::record_from(decoded(bytes)?).ok()?;
    Some(convert::record_to(&entry).encode_to_vec())
}

/// What a node reads of a state when it opens it.
///
/// # Errors
/// When the state is damaged.
pub fn open_state(kv: &dyn ReadKv) -> io::Result<()> {
    load_progress(kv).map(drop)
}

/// The checksum of a run.
#[must_use]
pub fn run_checksum(run: &SnapshotRun) -> u32 {
    crate::machine::run_checksum(run)
}

/// Takes a snapshot's parts in under `folder`, as from another node, and verifies them.
///
/// # Errors
/// When it is refused.
pub fn snapshot(folder: &Path, parts: impl IntoIterator<Item = SnapshotChunk>) -> io::Result<()> {
    let ended = || io::Error::other("ended early");
    let mut parts = parts.into_iter();
    let Some(Part::Header(header)) = parts.next().and_then(|chunk| chunk.part) else { return Err(ended()) };
    if header.level > Level::SUPPORTED.0 {
        return Err(io::Error::other("newer"));
    }
    let (_, meta) = meta_of(&header)?;
    let volume: SharedVolume = Arc::new(Folder);
    let mut received = Received::start(&volume, folder, &meta)?;
    loop {
        match parts.next().and_then(|chunk| chunk.part) {
            Some(Part::Run(run)) => received.run(&run)?,
            Some(Part::Trailer(trailer)) => return received.finish(&trailer).map(drop),
            _ => return Err(ended()),
        }
    }
}

/// Whether a certificate request proves its key.
#[must_use]
pub fn csr(der: &[u8]) -> bool {
    trust::csr::ProvenKey::of(der).is_some()
}
