//! Proposals on their way to the leader: one stream a leader, batched (store.md 8).

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::proposer::{Proposed, Proposer, Refused};
use crate::net::{Channels, Purpose};
use crate::proto;

/// Proposals in one message.
const BATCH: usize = 128;
/// Bytes of proposals in one message, one proposal at least.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Messages on their way.
const AHEAD: usize = 4;

/// A proposal's bytes, without stamp and origin.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) id: Vec<u8>,
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) again: bool,
}

/// Resolves when the send was refused; fails when it is not known what became of it.
pub(crate) type Refusal = oneshot::Receiver<Refused>;

struct Queued {
    attempt: Attempt,
    refused: oneshot::Sender<Refused>,
}

struct Stream {
    address: String,
    queue: mpsc::Sender<Queued>,
}

/// A way to the leader.
pub(super) trait Sends: Send + Sync {
    /// Sends an attempt to the leader at `address`. Given up before it ends, nothing was sent.
    fn send(&self, leader: u64, address: &str, attempt: Attempt) -> impl Future<Output = Refusal> + Send;
}

/// Sends proposals to whoever leads.
pub(crate) struct Forwarder {
    node: u64,
    local: Proposer,
    channels: Arc<Channels>,
    streams: Mutex<BTreeMap<u64, Stream>>,
}

impl Forwarder {
    pub(crate) fn new(node: u64, local: Proposer, channels: Arc<Channels>) -> Self {
        Self { node, local, channels, streams: Mutex::default() }
    }

    async fn send_here(&self, attempt: Attempt, refused: oneshot::Sender<Refused>) {
        use prost::Message;
        let Ok(entry) = raft_store_core::wire::Entry::decode(attempt.bytes.as_slice()) else { return };
        let (refusals, mut receiver) = mpsc::channel(1);
        let bytes = attempt.bytes.len();
        let proposed = Proposed { entry, bytes, again: attempt.again, origin: self.node, refusals };
        self.local.submit(proposed).await;
        self.channels.runtime().spawn(async move {
            // `None`: appended and applied, or raft stopped. Dropping the sender would read as a lost send.
            match receiver.recv().await {
                Some(refusal) => drop(refused.send(refusal)),
                None => refused_never(refused).await,
            }
        });
    }

    fn stream(&self, leader: u64, address: &str) -> mpsc::Sender<Queued> {
        let mut streams = self.streams.lock();
        if let Some(stream) = streams.get(&leader)
            && stream.address == address
            && !stream.queue.is_closed()
        {
            return stream.queue.clone();
        }
        let (queue, receiver) = mpsc::channel(raft_store_core::limits::MAX_IN_FLIGHT);
        let client = self.channels.client(leader, address, Purpose::Calls);
        self.channels.runtime().spawn(run(client, receiver));
        streams.insert(leader, Stream { address: address.to_owned(), queue: queue.clone() });
        queue
    }
}

impl Sends for Forwarder {
    async fn send(&self, leader: u64, address: &str, attempt: Attempt) -> Refusal {
        let (refused, refusal) = oneshot::channel();
        if leader == self.node {
            self.send_here(attempt, refused).await;
            return refusal;
        }
        let queue = self.stream(leader, address);
        drop(queue.send(Queued { attempt, refused }).await);
        refusal
    }
}

/// Keeps a sender until its receiver has lost interest.
async fn refused_never(mut refused: oneshot::Sender<Refused>) {
    refused.closed().await;
}

type Waiting = Arc<Mutex<BTreeMap<Vec<u8>, oneshot::Sender<Refused>>>>;

async fn run(mut client: proto::peer_client::PeerClient<tonic::transport::Channel>, mut queue: mpsc::Receiver<Queued>) {
    let waiting: Waiting = Arc::default();
    let (batches, receiver) = mpsc::channel(AHEAD);
    let answers = client.propose(ReceiverStream::new(receiver));
    let pump = pump(&mut queue, &batches, &waiting);
    let listen = async {
        let mut answers = match answers.await {
            Ok(answers) => answers.into_inner(),
            Err(status) => {
                tracing::debug!(code = ?status.code(), "no proposal stream");
                return;
            }
        };
        while let Some(Ok(answer)) = answers.next().await {
            for refusal in answer.refusals {
                let sender = waiting.lock().remove(&refusal.attempt);
                if let Some(sender) = sender {
                    drop(sender.send(Refused::from_message(refusal)));
                }
            }
        }
    };
    // When either ends, the stream is gone: every waiting send is in doubt, and says so by its dropped sender.
    tokio::select! { () = pump => {}, () = listen => {} }
    queue.close();
}

async fn pump(queue: &mut mpsc::Receiver<Queued>, batches: &mpsc::Sender<proto::ProposeBatch>, waiting: &Waiting) {
    let mut queued = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut queued, BATCH).await > 0 {
        // Those whose outcome is known wait no more.
        waiting.lock().retain(|_, sender| !sender.is_closed());
        let mut proposals = Vec::with_capacity(queued.len());
        let mut bytes = 0;
        for item in queued.drain(..) {
            bytes += item.attempt.bytes.len();
            waiting.lock().insert(item.attempt.id, item.refused);
            proposals.push(proto::Proposal { entry: item.attempt.bytes.to_vec(), again: item.attempt.again });
            if bytes > BATCH_BYTES {
                bytes = 0;
                let batch = proto::ProposeBatch { proposals: std::mem::take(&mut proposals) };
                if batches.send(batch).await.is_err() {
                    return;
                }
            }
        }
        if !proposals.is_empty() && batches.send(proto::ProposeBatch { proposals }).await.is_err() {
            return;
        }
    }
}
