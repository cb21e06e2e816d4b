//! openraft's view of a peer.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, Stream, StreamExt};
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::v2::RaftNetworkV2;
use openraft::network::{RPCOption, RPCTypes, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendError, StreamAppendResult,
    TransferLeaderError, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use tonic::transport::Channel;

use super::announce::{self, Replicated};
use super::channels::{Channels, Purpose};
use super::gate::Gate;
use super::line::Line;
use super::{heartbeat, snapshots};
use crate::convert::{log_id_from, log_id_to, malformed, optional_log_id_from, record_to, vote_from, vote_to};
use crate::env::SharedEnv;
use crate::fault::Faults;
use crate::machine::SnapshotSource;
use crate::metrics::PeerFailures;
use crate::proto::peer_client::PeerClient;
use crate::proto::{self, append_response, transfer_response};
use crate::types::{PeerNode, Snapshot, TypeConfig, Vote};

/// Makes network clients.
#[derive(Clone)]
pub(crate) struct NetworkFactory {
    pub(crate) node: u64,
    pub(crate) cluster_id: String,
    pub(crate) channels: Arc<Channels>,
    pub(crate) failures: Arc<PeerFailures>,
    pub(crate) env: SharedEnv,
    pub(crate) gate: Arc<Gate>,
    pub(crate) replicated: Replicated,
    pub(crate) faults: Arc<Faults>,
}

impl NetworkFactory {
    fn network(&self, target: u64, node: &PeerNode, purpose: Purpose) -> Network {
        Network {
            from: self.node,
            target,
            cluster_id: self.cluster_id.clone(),
            client: self.channels.client(target, &node.address, purpose),
            purpose,
            beats: None,
            failures: Arc::clone(&self.failures),
            env: self.env.clone(),
            gate: Arc::clone(&self.gate),
            replicated: self.replicated.clone(),
            faults: Arc::clone(&self.faults),
        }
    }
}

impl RaftNetworkFactory<TypeConfig> for NetworkFactory {
    type Network = Network;

    async fn new_client(&mut self, target: u64, node: &PeerNode) -> Network {
        self.network(target, node, Purpose::Append)
    }

    async fn new_heartbeat_client(&mut self, target: u64, node: &PeerNode) -> Network {
        self.network(target, node, Purpose::Heartbeat)
    }

    async fn new_snapshot_client(&mut self, target: u64, node: &PeerNode) -> Network {
        self.network(target, node, Purpose::Snapshot)
    }
}

/// Between two tries to reach a peer that is not there. Less than a heartbeat: a peer that is back is found at once.
const REFUSED_PAUSE: Duration = Duration::from_millis(80);

/// A client of one peer for one purpose.
pub(crate) struct Network {
    from: u64,
    target: u64,
    cluster_id: String,
    client: PeerClient<Channel>,
    purpose: Purpose,
    /// Of a network for heartbeats: the stream on which they go.
    beats: Option<Line<proto::HeartbeatRequest, proto::HeartbeatResponse>>,
    failures: Arc<PeerFailures>,
    env: SharedEnv,
    gate: Arc<Gate>,
    replicated: Replicated,
    faults: Arc<Faults>,
}

type RpcError = RPCError<TypeConfig>;

fn append_to(request: &AppendEntriesRequest<TypeConfig>) -> proto::AppendRequest {
    proto::AppendRequest {
        vote: Some(vote_to(&request.vote)),
        previous: request.prev_log_id.as_ref().map(log_id_to),
        entries: request.entries.iter().map(record_to).collect(),
        committed: request.leader_commit.as_ref().map(log_id_to),
    }
}

fn append_result(response: proto::AppendResponse) -> io::Result<StreamAppendResult<TypeConfig>> {
    use append_response::Result as Answer;
    Ok(match response.result.ok_or_else(|| malformed("append response"))? {
        Answer::Matched(matched) => Ok(optional_log_id_from(matched.log_id)?),
        Answer::Conflict(log_id) => Err(StreamAppendError::Conflict(log_id_from(log_id)?)),
        Answer::Higher(vote) => Err(StreamAppendError::HigherVote(vote_from(Some(vote))?)),
    })
}

impl Network {
    fn failed(&self, kind: RPCTypes, status: &tonic::Status) -> RpcError {
        self.failures.count(self.target, kind_name(kind));
        match status.code() {
            // A peer that is not there backs off; everything else is tried again soon.
            tonic::Code::Unavailable | tonic::Code::Unimplemented | tonic::Code::PermissionDenied => {
                RPCError::Unreachable(Unreachable::new(status))
            }
            tonic::Code::DeadlineExceeded => self.timeout(kind, Duration::ZERO),
            _ => RPCError::Network(NetworkError::new(status)),
        }
    }

    fn timeout(&self, action: RPCTypes, timeout: Duration) -> RpcError {
        RPCError::Timeout(Timeout { action, id: self.from, target: self.target, timeout })
    }

    fn network(error: &io::Error) -> RpcError {
        RPCError::Network(NetworkError::new(error))
    }

    /// Runs one call within its time.
    async fn call<T>(
        &self,
        kind: RPCTypes,
        limit: Duration,
        call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    ) -> Result<T, RpcError> {
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failed(kind, &status)),
            Err(_) => {
                self.failures.count(self.target, kind_name(kind));
                Err(self.timeout(kind, limit))
            }
        }
    }

    /// Opens a stream by `call`. On failure it waits a little, not to spin while a peer is down: openraft's own backoff is not
    /// asked for when a stream never began.
    async fn open<A>(
        &self,
        call: impl Future<Output = Result<tonic::Response<tonic::Streaming<A>>, tonic::Status>>,
        option: &RPCOption,
    ) -> Result<tonic::Streaming<A>, RpcError> {
        let opened = self.try_open(call, option).await;
        if opened.is_err() {
            tokio::time::sleep(REFUSED_PAUSE).await;
        }
        opened
    }

    /// One try to open a stream. A peer that announces less than this leader knows it had is refused from here on: of its
    /// answers openraft sees none (store.md 15).
    async fn try_open<A>(
        &self,
        call: impl Future<Output = Result<tonic::Response<tonic::Streaming<A>>, tonic::Status>>,
        option: &RPCOption,
    ) -> Result<tonic::Streaming<A>, RpcError> {
        self.gate.check(self.target).map_err(|status| self.failed(RPCTypes::AppendEntries, &status))?;
        // Before the call: what the peer acknowledges meanwhile it may announce or not.
        let had = self.replicated.to(self.target);
        let announced = async move {
            let response = call.await?;
            let announced =
                announce::read(response.metadata()).map_err(|error| tonic::Status::internal(error.to_string()))?;
            Ok(tonic::Response::new((response.into_inner(), announced)))
        };
        let (answers, announced) = self.call(RPCTypes::AppendEntries, option.soft_ttl(), announced).await?;
        if had > announced {
            tracing::error!(peer = self.target, ?had, has = ?announced, "a member has lost what it had acknowledged; it is refused");
            self.gate.refuse_behind(self.target);
            self.gate.check(self.target).map_err(|status| self.failed(RPCTypes::AppendEntries, &status))?;
        }
        Ok(answers)
    }

    /// A heartbeat, on the stream of the one before it while that lives.
    async fn beat(
        &mut self,
        request: AppendEntriesRequest<TypeConfig>,
        option: &RPCOption,
    ) -> Result<StreamAppendResult<TypeConfig>, RpcError> {
        let failed = |this: &Self, status: &tonic::Status| this.failed(RPCTypes::AppendEntries, status);
        self.gate.check(self.target).map_err(|status| failed(self, &status))?;
        let request = heartbeat::request_to(&request);
        if let Some(line) = self.beats.take()
            && let Ok((answer, line)) = line.ask(request).await
        {
            self.beats = Some(line);
            return heartbeat::result_from(answer).map_err(|error| Self::network(&error));
        }
        // None yet, or its peer has gone, or it ended with a refusal.
        let mut client = self.client.clone();
        let line = Line::open(async |requests| {
            let call = async move { client.heartbeat(requests).await };
            self.open(call, option).await
        });
        let (answer, line) = line.await?.ask(request).await.map_err(|status| failed(self, &status))?;
        self.beats = Some(line);
        heartbeat::result_from(answer).map_err(|error| Self::network(&error))
    }

    async fn ask_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
        pre: bool,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let request = proto::VoteRequest {
            vote: Some(vote_to(&rpc.vote)),
            last: rpc.last_log_id.as_ref().map(log_id_to),
            leadership_transfer: rpc.leadership_transfer,
        };
        let mut client = self.client.clone();
        let call = async move { if pre { client.pre_vote(request).await } else { client.vote(request).await } };
        let answer = self.call(RPCTypes::Vote, option.soft_ttl(), call).await?;
        let parse = || -> io::Result<VoteResponse<TypeConfig>> {
            let last = optional_log_id_from(answer.last)?;
            Ok(VoteResponse::new(vote_from(answer.vote)?, last, answer.granted))
        };
        parse().map_err(|error| Self::network(&error))
    }
}

const fn kind_name(kind: RPCTypes) -> &'static str {
    match kind {
        RPCTypes::Vote => "vote",
        RPCTypes::AppendEntries => "append",
        RPCTypes::InstallSnapshot => "snapshot",
        RPCTypes::TransferLeader => "transfer",
    }
}

impl RaftNetworkV2<TypeConfig> for Network {
    type SnapshotData = SnapshotSource;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RpcError> {
        let expected = rpc.entries.last().map(|entry| entry.log_id).or(rpc.prev_log_id);
        let mut stream = self.stream_append(futures::stream::iter([rpc]), option).await?;
        match stream.next().await {
            Some(result) => Ok(match result? {
                Ok(matched) if matched == expected => AppendEntriesResponse::Success,
                Ok(matched) => AppendEntriesResponse::PartialSuccess(matched),
                Err(StreamAppendError::Conflict(_)) => AppendEntriesResponse::Conflict,
                Err(StreamAppendError::HigherVote(vote)) => AppendEntriesResponse::HigherVote(vote),
            }),
            None => Err(Self::network(&malformed("append stream: no answer"))),
        }
    }

    fn stream_append<S>(
        &mut self,
        input: S,
        option: RPCOption,
    ) -> BoxFuture<'_, Result<BoxStream<'_, Result<StreamAppendResult<TypeConfig>, RpcError>>, RpcError>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + openraft::OptionalSend + Unpin + 'static,
    {
        Box::pin(async move {
            if self.purpose == Purpose::Heartbeat {
                let mut input = input;
                let Some(request) = input.next().await else { return Ok(futures::stream::empty().boxed()) };
                return Ok(futures::stream::once(async move { self.beat(request, &option).await }).boxed());
            }
            let requests = input.map(|request| append_to(&request));
            let mut client = self.client.clone();
            let answers = self.open(async move { client.append(requests).await }, &option).await?;
            let this: &Self = self;
            let results = answers.map(move |answer| match answer {
                Ok(answer) => append_result(answer).map_err(|error| Self::network(&error)),
                Err(status) => Err(this.failed(RPCTypes::AppendEntries, &status)),
            });
            Ok(results.boxed())
        })
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        self.ask_vote(rpc, option, false).await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        self.ask_vote(rpc, option, true).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + openraft::OptionalSend + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        if let Err(status) = self.gate.check(self.target) {
            return Err(self.failed(RPCTypes::InstallSnapshot, &status).into());
        }
        let (index, since) = (snapshot.meta.last_log_id.map_or(0, |last| last.index), self.env.boot());
        tracing::info!(peer = self.target, index, "a snapshot is being sent");
        let sent = snapshots::send(
            self.client.clone(),
            vote,
            snapshot,
            self.cluster_id.clone(),
            self.env.clone(),
            Arc::clone(&self.faults),
        );
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = sent => match sent {
                Ok(vote) => {
                    let took = self.env.boot().saturating_sub(since).as_millis();
                    tracing::info!(peer = self.target, index, took_ms = took, "a snapshot was installed");
                    Ok(SnapshotResponse::new(vote))
                }
                Err(status) => {
                    tracing::warn!(peer = self.target, code = ?status.code(), message = status.message(),
                        "a snapshot was not taken");
                    Err(self.failed(RPCTypes::InstallSnapshot, &status).into())
                }
            },
        }
    }

    async fn transfer_leader(
        &mut self,
        req: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RpcError> {
        let request = proto::TransferRequest {
            from: Some(vote_to(req.from_leader())),
            to: *req.to_node_id(),
            last: req.last_log_id().map(log_id_to),
        };
        let mut client = self.client.clone();
        let call = client.transfer(request);
        let answer = self.call(RPCTypes::TransferLeader, option.soft_ttl(), call).await?;
        transfer_result(answer).map_err(|error| Self::network(&error))
    }
}

fn transfer_result(answer: proto::TransferResponse) -> io::Result<TransferLeaderResponse<TypeConfig>> {
    use transfer_response::Result as Answer;
    Ok(match answer.result.ok_or_else(|| malformed("transfer response"))? {
        Answer::Done(_) => Ok(()),
        Answer::VoteChanged(changed) => Err(TransferLeaderError::VoteChanged {
            expected: vote_from(changed.expected)?,
            actual: vote_from(changed.actual)?,
        }),
        Answer::NotFlushed(ids) => Err(TransferLeaderError::LogNotFlushed {
            expected: optional_log_id_from(ids.expected)?,
            actual: optional_log_id_from(ids.actual)?,
        }),
    })
}
