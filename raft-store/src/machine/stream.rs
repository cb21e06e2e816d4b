//! A snapshot on the wire: header, runs of sorted pairs with a CRC each, trailer with a digest (raft-store page §4.7).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use prost::Message;
use raft_store_core::{Mutant, layout};

use super::snapshot::{SnapshotSource, StagedFolder, families, level_of};
use crate::convert::{log_id_to, stored_membership_to, vote_to};
use crate::disk::{Of, Reader, SharedVolume, SortedRun};
use crate::proto::{self, Pair, SnapshotChunk, SnapshotHeader, SnapshotRun, SnapshotTrailer, snapshot_chunk::Part};
use crate::types::{SnapshotMeta, Vote};

/// Version of the stream.
pub(crate) const FORMAT: u32 = 1;
/// Bytes of pairs in one run, one pair at least.
const RUN_BYTES: usize = 1024 * 1024;
/// Bytes of an encoded chunk that a receiver accepts: a run, its largest last pair and framing.
pub(crate) const CHUNK_LIMIT: usize = 8 * 1024 * 1024;
const STATE: u32 = 1;
const OUTCOMES: u32 = 2;

/// What a stream is sent for.
pub(crate) struct Heading {
    pub(crate) vote: Vote,
    pub(crate) meta: SnapshotMeta,
    pub(crate) cluster_id: String,
}

pub(crate) fn crc(run: &SnapshotRun) -> u32 {
    let mut crc = crc32c::crc32c(&run.family.to_be_bytes());
    for pair in &run.pairs {
        for part in [&pair.key, &pair.value] {
            crc = crc32c::crc32c_append(crc, &(part.len() as u64).to_be_bytes());
            crc = crc32c::crc32c_append(crc, part);
        }
    }
    crc
}

/// Where reading a checkpoint goes on.
enum At {
    Header,
    /// At this key or above, in this family.
    Pairs(u32, Vec<u8>),
    End,
}

/// A snapshot's chunks, in order, each read when it is asked for.
pub(crate) struct Chunks {
    checkpoint: Box<dyn Reader>,
    /// State and outcomes.
    families: [String; 2],
    header: SnapshotHeader,
    at: At,
    digest: Context,
    pairs: u64,
    runs: u64,
}

impl Chunks {
    /// Opens a local snapshot.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn open(source: &SnapshotSource, heading: &Heading) -> io::Result<Self> {
        let SnapshotSource::Checkpoint(folder) = source else {
            return Err(io::Error::other("only checkpoints are sent"));
        };
        let checkpoint = folder.open()?;
        let header = SnapshotHeader {
            format: FORMAT,
            vote: Some(vote_to(&heading.vote)),
            last: heading.meta.last_log_id.as_ref().map(log_id_to),
            membership: Some(stored_membership_to(&heading.meta.last_membership)),
            cluster_id: heading.cluster_id.clone(),
            level: level_of(&*checkpoint)?,
        };
        let families = families(&*checkpoint)?;
        let digest = Context::new(&SHA256);
        Ok(Self { checkpoint, families, header, at: At::Header, digest, pairs: 0, runs: 0 })
    }

    /// The next run that begins at `from`, and where the one after it begins.
    fn run(&self, family: u32, from: &[u8]) -> io::Result<(SnapshotRun, Option<Vec<u8>>)> {
        let [state, outcomes] = &self.families;
        let view = self.checkpoint.freeze([state, outcomes])?;
        let of = if family == STATE { Of::First } else { Of::Second };
        let mut run = SnapshotRun { family, pairs: Vec::new(), crc32c: 0 };
        let mut bytes = 0;
        for pair in view.scan(of, from, None) {
            let (key, value) = pair?;
            if bytes >= RUN_BYTES {
                return Ok((run, Some(key.into_vec())));
            }
            bytes += key.len() + value.len();
            run.pairs.push(Pair { key: key.into_vec(), value: value.into_vec() });
        }
        Ok((run, None))
    }

    /// The next chunk; `None` after the trailer.
    ///
    /// # Errors
    /// When the snapshot cannot be read.
    pub(crate) fn next(&mut self) -> io::Result<Option<SnapshotChunk>> {
        let part = loop {
            match std::mem::replace(&mut self.at, At::End) {
                At::Header => {
                    self.at = At::Pairs(STATE, Vec::new());
                    break Part::Header(self.header.clone());
                }
                At::Pairs(family, from) if family <= OUTCOMES => {
                    let (mut run, next) = self.run(family, &from)?;
                    self.at = next.map_or_else(|| At::Pairs(family + 1, Vec::new()), |key| At::Pairs(family, key));
                    if !run.pairs.is_empty() {
                        run.crc32c = crc(&run);
                        self.digest.update(&run.crc32c.to_be_bytes());
                        self.pairs += run.pairs.len() as u64;
                        self.runs += 1;
                        break Part::Run(run);
                    }
                }
                At::Pairs(..) => {
                    let sha256 = self.digest.clone().finish().as_ref().to_vec();
                    break Part::Trailer(SnapshotTrailer { pairs: self.pairs, runs: self.runs, sha256 });
                }
                At::End => return Ok(None),
            }
        };
        Ok(Some(SnapshotChunk { part: Some(part) }))
    }
}

struct File {
    family: u32,
    writer: Box<dyn SortedRun>,
    last: Vec<u8>,
}

/// Takes a stream in, chunk by chunk, and verifies it.
pub(crate) struct Received {
    folder: Arc<StagedFolder>,
    digest: Context,
    pairs: u64,
    runs: u64,
    open: Option<File>,
    /// What the header says the state is at: key and value that the state must hold.
    expected: Vec<(Vec<u8>, Vec<u8>)>,
    found: usize,
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("snapshot stream: {what}"))
}

fn file_path(folder: &Path, family: u32) -> PathBuf {
    folder.join(if family == STATE { "state.sst" } else { "outcomes.sst" })
}

impl Received {
    /// Starts receiving under `data` a state that is at `meta`.
    pub(crate) fn start(volume: &SharedVolume, data: &Path, meta: &SnapshotMeta) -> io::Result<Self> {
        // A transfer that broke may still be tidying up when the next one begins: no two share a folder.
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let path = data.join("staged").join(STREAMS.fetch_add(1, Ordering::Relaxed).to_string());
        drop(volume.remove(&path));
        volume.create(&path)?;
        let mut expected = Vec::new();
        if let Some(log_id) = &meta.last_log_id {
            expected.push((layout::meta_key("log_id"), log_id_to(log_id).encode_to_vec()));
        }
        if meta.last_membership.log_id().is_some() {
            let membership = stored_membership_to(&meta.last_membership).encode_to_vec();
            expected.push((layout::meta_key("membership"), membership));
        }
        Ok(Self {
            folder: Arc::new(StagedFolder { volume: Arc::clone(volume), path }),
            digest: Context::new(&SHA256),
            pairs: 0,
            runs: 0,
            open: None,
            expected,
            found: 0,
        })
    }

    /// Takes the next run.
    ///
    /// # Errors
    /// When it is damaged, out of order, or cannot be written.
    pub(crate) fn run(&mut self, run: &SnapshotRun) -> io::Result<()> {
        if crc(run) != run.crc32c && !Mutant::ChecksumSkipped.lives() {
            return Err(invalid("a run is damaged"));
        }
        if run.pairs.is_empty() || ![STATE, OUTCOMES].contains(&run.family) {
            return Err(invalid("an empty run or an unknown family"));
        }
        if self.open.as_ref().is_none_or(|open| open.family != run.family) {
            if self.open.as_ref().is_some_and(|open| open.family > run.family) {
                return Err(invalid("families out of order"));
            }
            self.close()?;
            let writer = self.folder.volume.sorted_run(&file_path(&self.folder.path, run.family))?;
            self.open = Some(File { family: run.family, writer, last: Vec::new() });
        }
        let Some(open) = self.open.as_mut() else { return Err(invalid("no open file")) };
        for pair in &run.pairs {
            if !open.last.is_empty() && pair.key <= open.last {
                return Err(invalid("keys out of order"));
            }
            if run.family == STATE && self.expected.iter().any(|(key, value)| *key == pair.key && *value == pair.value)
            {
                self.found += 1;
            }
            open.writer.put(&pair.key, &pair.value)?;
            open.last.clone_from(&pair.key);
        }
        self.digest.update(&run.crc32c.to_be_bytes());
        self.pairs += run.pairs.len() as u64;
        self.runs += 1;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if let Some(mut open) = self.open.take() {
            open.writer.finish()?;
        }
        Ok(())
    }

    /// Compares with the trailer; only then may the files be installed.
    ///
    /// # Errors
    /// When anything is missing or different.
    pub(crate) fn finish(mut self, trailer: &SnapshotTrailer) -> io::Result<SnapshotSource> {
        self.close()?;
        let digest = self.digest.finish();
        if trailer.pairs != self.pairs || trailer.runs != self.runs || trailer.sha256 != digest.as_ref() {
            return Err(invalid("it does not match its trailer"));
        }
        if self.found != self.expected.len() {
            return Err(invalid("its state is not at the position that its header names"));
        }
        Ok(SnapshotSource::Staged(self.folder))
    }
}

/// Turns a local checkpoint into installable files.
pub(super) fn stage(
    volume: &SharedVolume,
    data: &Path,
    source: SnapshotSource,
    meta: &SnapshotMeta,
) -> io::Result<Arc<StagedFolder>> {
    if let SnapshotSource::Staged(folder) = source {
        return Ok(folder);
    }
    let heading = Heading { vote: Vote::new(0, 0), meta: meta.clone(), cluster_id: String::new() };
    let mut received = Received::start(volume, data, meta)?;
    let mut chunks = Chunks::open(&source, &heading)?;
    while let Some(chunk) = chunks.next()? {
        match chunk.part {
            Some(Part::Run(run)) => received.run(&run)?,
            Some(Part::Trailer(trailer)) => match received.finish(&trailer)? {
                SnapshotSource::Staged(folder) => return Ok(folder),
                SnapshotSource::Checkpoint(_) => return Err(invalid("not staged")),
            },
            _ => {}
        }
    }
    Err(invalid("no trailer"))
}

pub(super) fn state_file(folder: &StagedFolder) -> PathBuf {
    file_path(&folder.path, STATE)
}

pub(super) fn outcomes_file(folder: &StagedFolder) -> PathBuf {
    file_path(&folder.path, OUTCOMES)
}

/// The header, taken apart.
pub(crate) fn meta_of(header: &proto::SnapshotHeader) -> io::Result<(Vote, SnapshotMeta)> {
    use crate::convert::{optional_log_id_from, stored_membership_from, vote_from};
    if header.format != FORMAT {
        return Err(invalid("unknown format"));
    }
    let membership = header.membership.clone().ok_or_else(|| invalid("no membership"))?;
    // Nobody has a snapshot of nothing, and one without a position could not be compared with what it brings.
    if header.last.is_none() {
        return Err(invalid("no position"));
    }
    let meta = SnapshotMeta {
        last_log_id: optional_log_id_from(header.last)?,
        last_membership: stored_membership_from(membership)?,
    };
    Ok((vote_from(header.vote)?, meta))
}
