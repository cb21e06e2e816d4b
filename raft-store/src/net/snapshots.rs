//! Snapshots between nodes. A broken transfer starts again; it does not resume.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use raft_store_core::Level;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::convert::vote_from;
use crate::disk::SharedVolume;
use crate::env::SharedEnv;
use crate::fault::Faults;
use crate::machine::{Chunks, Heading, Received, SnapshotSource, meta_of};
use crate::proto::peer_client::PeerClient;
use crate::proto::{SnapshotChunk, snapshot_chunk::Part};
use crate::types::{Snapshot, SnapshotMeta, Vote};

/// Chunks read ahead of the network.
const AHEAD: usize = 4;
/// How long either side waits for the next chunk.
const IDLE: Duration = Duration::from_secs(20);
/// The receiver installs before it answers; this long at most.
const INSTALL: Duration = Duration::from_secs(600);

fn status(error: &io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::InvalidData => Status::data_loss(error.to_string()),
        _ => Status::internal(error.to_string()),
    }
}

/// Sends a snapshot and waits until it is installed. Chunks are produced while they are sent.
pub(super) async fn send(
    mut client: PeerClient<Channel>,
    vote: Vote,
    snapshot: Snapshot,
    cluster_id: String,
    env: SharedEnv,
    faults: Arc<Faults>,
) -> Result<Vote, Status> {
    let (sender, receiver) = mpsc::channel::<SnapshotChunk>(AHEAD);
    let heading = Heading { vote, meta: snapshot.meta, cluster_id };
    let producer = tokio::spawn(async move {
        let produced = produce(env, snapshot.snapshot, heading, sender).await;
        if let Err(error) = &produced {
            // Its files are those of the database.
            faults.checkpoint(error);
        }
        produced
    });
    let call = client.snapshot(ReceiverStream::new(receiver));
    let answer = tokio::time::timeout(INSTALL, call)
        .await
        .map_err(|_| Status::deadline_exceeded("the snapshot was not installed in time"))?;
    let answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(refused) => return Err(refused),
    };
    match producer.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(status(&error)),
        Err(error) => return Err(Status::internal(error.to_string())),
    }
    vote_from(answer.vote).map_err(|error| status(&error))
}

/// Reads chunk after chunk while the network takes them.
async fn produce(
    env: SharedEnv,
    source: SnapshotSource,
    heading: Heading,
    sender: mpsc::Sender<SnapshotChunk>,
) -> io::Result<()> {
    let mut chunks = env.blocking(move || Chunks::open(&source, &heading)).await??;
    loop {
        let (back, chunk) = env
            .blocking(move || {
                let chunk = chunks.next();
                (chunks, chunk)
            })
            .await?;
        chunks = back;
        let Some(chunk) = chunk? else { return Ok(()) };
        debug_assert!(chunk.encoded_len() <= crate::machine::CHUNK_LIMIT);
        if sender.send(chunk).await.is_err() {
            return Ok(());
        }
    }
}

/// Where received snapshots go.
pub(super) struct Place<'a> {
    pub(super) env: &'a SharedEnv,
    pub(super) volume: &'a SharedVolume,
    pub(super) folder: &'a std::path::Path,
    pub(super) cluster_id: &'a str,
}

/// Receives and verifies a snapshot's files. Nothing is installed yet.
pub(super) async fn receive(
    mut stream: Streaming<SnapshotChunk>,
    place: Place<'_>,
    check: impl FnOnce(&Vote) -> Result<(), Status>,
) -> Result<(Vote, SnapshotMeta, SnapshotSource), Status> {
    let first = next(&mut stream).await?;
    let Some(Part::Header(header)) = first.part else {
        return Err(Status::invalid_argument("a snapshot begins with its header"));
    };
    if header.cluster_id != place.cluster_id {
        return Err(Status::permission_denied("a snapshot of another cluster"));
    }
    if header.level > Level::SUPPORTED.0 {
        return Err(Status::failed_precondition("a snapshot of a newer version"));
    }
    let (vote, meta) = meta_of(&header).map_err(|error| status(&error))?;
    check(&vote)?;
    // openraft takes such a pair for a damaged cluster and panics.
    if meta.last_log_id.is_some_and(|last| last.leader_id > vote.leader_id) {
        return Err(Status::invalid_argument("a snapshot of a later leader than the one that sends it"));
    }
    let mut received = Received::start(place.volume, place.folder, &meta).map_err(|error| status(&error))?;
    loop {
        match next(&mut stream).await?.part {
            #[cfg_attr(not(feature = "simulation"), expect(unused_mut, reason = "only a simulator damages it"))]
            Some(Part::Run(mut run)) => {
                #[cfg(feature = "simulation")]
                crate::simulation::damage(&mut run);
                let work = place.env.blocking(move || {
                    let result = received.run(&run);
                    (received, result)
                });
                let (back, result) = work.await.map_err(|error| status(&error))?;
                received = back;
                result.map_err(|error| status(&error))?;
            }
            Some(Part::Trailer(trailer)) => {
                let source = received.finish(&trailer).map_err(|error| status(&error))?;
                return Ok((vote, meta, source));
            }
            _ => return Err(Status::invalid_argument("a part that does not belong here")),
        }
    }
}

async fn next(stream: &mut Streaming<SnapshotChunk>) -> Result<SnapshotChunk, Status> {
    tokio::time::timeout(IDLE, stream.message())
        .await
        .map_err(|_| Status::deadline_exceeded("the snapshot stream fell silent"))??
        .ok_or_else(|| Status::data_loss("the snapshot stream ended early"))
}
