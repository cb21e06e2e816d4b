//! The peer service: every call names its caller by certificate, and strangers may only join.

use openraft::async_runtime::WatchReceiver;
use std::pin::Pin;
use std::sync::Arc;

use futures::future::ready;
use futures::stream::{Stream, StreamExt};
use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, TransferLeaderError, TransferLeaderRequest, VoteRequest,
};
use prost::Message;
use raft_store_core::wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::announce;
use super::gate::Gate;
use super::listener::PeerInfo;
use super::{RefusedPeers, heartbeat, snapshots};
use crate::cluster::Cluster;
use crate::convert::{log_id_to, optional_log_id_from, record_from, vote_from, vote_to};
use crate::origin::{Proposed, Proposer, Refused};
use crate::proto::{self, append_response, transfer_response};
use crate::types::{Raft, Snapshot, TypeConfig, Vote};

/// Answers peers.
#[derive(Clone)]
pub(crate) struct PeerService {
    pub(crate) raft: Raft,
    pub(crate) gate: Arc<Gate>,
    pub(crate) proposer: Proposer,
    pub(crate) cluster: Arc<Cluster>,
}

/// Refusals waiting to be sent on one proposal stream.
const REFUSALS: usize = 1024;

fn malformed(error: &std::io::Error) -> Status {
    Status::invalid_argument(error.to_string())
}

fn stopped(error: &impl std::fmt::Display) -> Status {
    Status::unavailable(format!("raft: {error}"))
}

impl PeerService {
    /// The caller's node id, if it is one of us.
    fn member<T>(&self, request: &Request<T>) -> Result<u64, Status> {
        let info = request.extensions().get::<PeerInfo>().copied();
        let node = info
            .and_then(|info| info.node)
            .ok_or_else(|| Status::unauthenticated("a certificate of this cluster is needed"))?;
        let checked = self.gate.check(node).map(|()| node);
        checked.inspect_err(|_| self.cluster.refused.note(RefusedPeers::REMOVED, None))
    }

    fn speaks_for_itself(node: u64, vote: &Vote) -> Result<(), Status> {
        if vote.leader_id.node_id == node {
            Ok(())
        } else {
            tracing::warn!(node, named = vote.leader_id.node_id, "a peer spoke for another node");
            Err(Status::permission_denied("the message names another node than the certificate"))
        }
    }

    fn vote_request(request: proto::VoteRequest) -> Result<VoteRequest<TypeConfig>, Status> {
        let parse = || -> std::io::Result<VoteRequest<TypeConfig>> {
            Ok(VoteRequest {
                vote: vote_from(request.vote)?,
                last_log_id: optional_log_id_from(request.last)?,
                leadership_transfer: request.leadership_transfer,
            })
        };
        parse().map_err(|error| malformed(&error))
    }

    async fn vote_for(
        &self,
        request: Request<proto::VoteRequest>,
        pre: bool,
    ) -> Result<Response<proto::VoteResponse>, Status> {
        let node = self.member(&request)?;
        let rpc = Self::vote_request(request.into_inner())?;
        Self::speaks_for_itself(node, &rpc.vote)?;
        let answer = if pre { self.raft.pre_vote(rpc).await } else { self.raft.vote(rpc).await };
        let answer = answer.map_err(|error| stopped(&error))?;
        #[cfg(feature = "simulation")]
        if !pre && answer.vote_granted {
            let mut answered = self.cluster.answered.lock();
            if answered.is_none_or(|known| known < answer.vote) {
                *answered = Some(answer.vote);
            }
        }
        Ok(Response::new(proto::VoteResponse {
            vote: Some(vote_to(&answer.vote)),
            granted: answer.vote_granted,
            last: answer.last_log_id.as_ref().map(log_id_to),
        }))
    }
}

fn append_from(request: proto::AppendRequest) -> std::io::Result<AppendEntriesRequest<TypeConfig>> {
    Ok(AppendEntriesRequest {
        vote: vote_from(request.vote)?,
        prev_log_id: optional_log_id_from(request.previous)?,
        entries: request.entries.into_iter().map(record_from).collect::<std::io::Result<_>>()?,
        leader_commit: optional_log_id_from(request.committed)?,
    })
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl proto::peer_server::Peer for PeerService {
    type AppendStream = Answers<proto::AppendResponse>;
    type HeartbeatStream = Answers<proto::HeartbeatResponse>;
    type ProposeStream = Answers<proto::ProposeAnswer>;
    type ReadIndexStream = Answers<proto::ReadIndexResponse>;

    async fn append(
        &self,
        request: Request<Streaming<proto::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let node = self.member(&request)?;
        // Before the first request is taken: whatever was acknowledged earlier is in it.
        let last = self.cluster.log.last();
        let gate = Arc::clone(&self.gate);
        let refusal: Arc<parking_lot::Mutex<Option<Status>>> = Arc::default();
        let refused = Arc::clone(&refusal);
        let requests = request.into_inner().map(move |message| {
            let accepted = message.and_then(|message| {
                let rpc = append_from(message).map_err(|error| malformed(&error))?;
                gate.check(node)?;
                Self::speaks_for_itself(node, &rpc.vote)?;
                Ok(rpc)
            });
            accepted.map_err(|status| *refused.lock() = Some(status)).ok()
        });
        let requests = requests.take_while(|rpc| ready(rpc.is_some())).filter_map(ready);
        let answers = self.raft.stream_append(requests).map(|answer| {
            use append_response::Result as Answer;
            let result = match answer.map_err(|error| stopped(&error))? {
                Ok(matched) => Answer::Matched(proto::Matched { log_id: matched.as_ref().map(log_id_to) }),
                Err(StreamAppendError::Conflict(log_id)) => Answer::Conflict(log_id_to(&log_id)),
                Err(StreamAppendError::HigherVote(vote)) => Answer::Higher(vote_to(&vote)),
            };
            Ok(proto::AppendResponse { result: Some(result) })
        });
        // What was taken before is answered first.
        let why = futures::stream::once(async move { refusal.lock().take().map(Err) }).filter_map(ready);
        let answers: Self::AppendStream = Box::pin(answers.chain(why));
        let mut response = Response::new(answers);
        announce::write(response.metadata_mut(), last.as_ref());
        Ok(response)
    }

    async fn heartbeat(
        &self,
        request: Request<Streaming<proto::HeartbeatRequest>>,
    ) -> Result<Response<Self::HeartbeatStream>, Status> {
        let node = self.member(&request)?;
        // As of an append stream.
        let last = self.cluster.log.last();
        let this = Arc::new(self.clone());
        let answers: Self::HeartbeatStream = Box::pin(request.into_inner().then(move |beat| {
            let this = Arc::clone(&this);
            async move {
                let rpc = heartbeat::request_from(beat?).map_err(|error| malformed(&error))?;
                this.gate.check(node)?;
                Self::speaks_for_itself(node, &rpc.vote)?;
                let flushing = this.cluster.sync.is_flushing();
                heartbeat::hear(&this.raft, rpc, flushing).await.map_err(|error| stopped(&error))
            }
        }));
        let mut response = Response::new(answers);
        announce::write(response.metadata_mut(), last.as_ref());
        Ok(response)
    }

    async fn vote(&self, request: Request<proto::VoteRequest>) -> Result<Response<proto::VoteResponse>, Status> {
        self.vote_for(request, false).await
    }

    async fn pre_vote(&self, request: Request<proto::VoteRequest>) -> Result<Response<proto::VoteResponse>, Status> {
        self.vote_for(request, true).await
    }

    async fn transfer(
        &self,
        request: Request<proto::TransferRequest>,
    ) -> Result<Response<proto::TransferResponse>, Status> {
        use transfer_response::Result as Answer;
        let node = self.member(&request)?;
        let request = request.into_inner();
        let from = vote_from(request.from).map_err(|error| malformed(&error))?;
        Self::speaks_for_itself(node, &from)?;
        if request.to == self.cluster.node && self.cluster.quarantine.has_left() {
            return Err(Status::failed_precondition("this node has left service"));
        }
        let last = optional_log_id_from(request.last).map_err(|error| malformed(&error))?;
        let rpc = TransferLeaderRequest::new(from, request.to, last);
        let answer = self.raft.handle_transfer_leader(rpc).await.map_err(|error| stopped(&error))?;
        let result = match answer {
            Ok(()) => Answer::Done(proto::Blank {}),
            Err(TransferLeaderError::VoteChanged { expected, actual }) => Answer::VoteChanged(proto::VoteChanged {
                expected: Some(vote_to(&expected)),
                actual: Some(vote_to(&actual)),
            }),
            Err(TransferLeaderError::LogNotFlushed { expected, actual }) => Answer::NotFlushed(proto::NotFlushed {
                expected: expected.as_ref().map(log_id_to),
                actual: actual.as_ref().map(log_id_to),
            }),
        };
        Ok(Response::new(proto::TransferResponse { result: Some(result) }))
    }

    async fn snapshot(
        &self,
        request: Request<Streaming<proto::SnapshotChunk>>,
    ) -> Result<Response<proto::SnapshotResponse>, Status> {
        let node = self.member(&request)?;
        let known = self.raft.metrics().borrow_watched().vote;
        let check = |vote: &Vote| {
            Self::speaks_for_itself(node, vote)?;
            // An outdated leader is told before it sends the body.
            if *vote < known { Err(Status::failed_precondition("there is a newer leader")) } else { Ok(()) }
        };
        let place = snapshots::Place {
            env: &self.cluster.env,
            volume: &self.cluster.shared.database.volume,
            folder: self.cluster.folder(),
            cluster_id: self.cluster.cluster_id(),
        };
        let (vote, meta, source) = snapshots::receive(request.into_inner(), place, check).await?;
        let answer = self
            .raft
            .install_full_snapshot(vote, Snapshot { meta, snapshot: source })
            .await
            .map_err(|error| stopped(&error))?;
        Ok(Response::new(proto::SnapshotResponse { vote: Some(vote_to(&answer.vote)) }))
    }

    async fn propose(
        &self,
        request: Request<Streaming<proto::ProposeBatch>>,
    ) -> Result<Response<Self::ProposeStream>, Status> {
        let node = self.member(&request)?;
        let mut batches = request.into_inner();
        let (refusals, refused) = mpsc::channel::<Refused>(REFUSALS);
        let (proposer, gate) = (self.proposer.clone(), Arc::clone(&self.gate));
        tokio::spawn(async move {
            while let Ok(Some(batch)) = batches.message().await {
                if !gate.admits(node) {
                    return;
                }
                for proposal in batch.proposals {
                    let Ok(entry) = wire::Entry::decode(proposal.entry.as_slice()) else {
                        tracing::warn!(node, "malformed proposal");
                        return;
                    };
                    let item = Proposed {
                        entry,
                        bytes: proposal.entry.len(),
                        again: proposal.again,
                        origin: node,
                        refusals: refusals.clone(),
                    };
                    proposer.submit(item).await;
                }
            }
        });
        let answers = ReceiverStream::new(refused).ready_chunks(64).map(|refused| {
            Ok(proto::ProposeAnswer { refusals: refused.into_iter().map(Refused::into_message).collect() })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn read_index(
        &self,
        request: Request<Streaming<proto::ReadIndexRequest>>,
    ) -> Result<Response<Self::ReadIndexStream>, Status> {
        let node = self.member(&request)?;
        let (cluster, gate) = (Arc::clone(&self.cluster), Arc::clone(&self.gate));
        let answers = request.into_inner().then(move |asked| {
            let (cluster, gate) = (Arc::clone(&cluster), Arc::clone(&gate));
            async move {
                asked?;
                gate.check(node)?;
                let (index, clock) = cluster.leader_read_index().await.map_err(|error| stopped(&error))?;
                Ok(proto::ReadIndexResponse { index, clock_ms: clock.0 })
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn hello(&self, request: Request<proto::HelloRequest>) -> Result<Response<proto::HelloResponse>, Status> {
        let node = self.member(&request)?;
        let hello = request.into_inner();
        if hello.cluster_id != self.cluster.cluster_id() || hello.node != node {
            return Err(Status::permission_denied("the message names another node than the certificate"));
        }
        Ok(Response::new(self.cluster.hello(&hello)))
    }

    async fn join(&self, request: Request<proto::JoinRequest>) -> Result<Response<proto::JoinResponse>, Status> {
        let from = request.extensions().get::<PeerInfo>().and_then(|info| info.from);
        self.cluster.admit(request.into_inner(), from).await.map(Response::new)
    }

    async fn remove(&self, request: Request<proto::RemoveRequest>) -> Result<Response<proto::RemoveResponse>, Status> {
        self.member(&request)?;
        let request = request.into_inner();
        let bundle = self.cluster.remove_as_leader(request.node, request.rotate).await?;
        Ok(Response::new(proto::RemoveResponse { bundle: bundle.map(|text| (*text).clone()).unwrap_or_default() }))
    }

    async fn cluster_key(
        &self,
        request: Request<proto::ClusterKeyRequest>,
    ) -> Result<Response<proto::ClusterKeyResponse>, Status> {
        let node = self.member(&request)?;
        let answer = self.cluster.give_key(&request.into_inner())?;
        tracing::info!(node, "the new cluster key was given to a member");
        Ok(Response::new(answer))
    }

    async fn transfer_leader(
        &self,
        request: Request<proto::TransferLeaderRequest>,
    ) -> Result<Response<proto::TransferLeaderResponse>, Status> {
        self.member(&request)?;
        let leader = self.cluster.transfer_as_leader(request.into_inner().to).await?;
        Ok(Response::new(proto::TransferLeaderResponse { leader }))
    }
}
