//! Heartbeats: whether a peer still knows this leader and no later one. Every `ReadIndex` waits for a quorum of them.
//!
//! openraft answers one when everything that it accepted before is flushed, as it does an append, so that each linearizable
//! read would wait for the flush of writes that it has nothing to do with: on a disk without write cache, for milliseconds.
//! Here it is answered once Raft has taken it in. Nothing depends on the flush: the answer acknowledges no entry, and it vouches
//! for no vote, only that this node had granted no later one when it answered; a later one is durable before it is granted.

use std::io;

use openraft::errors::RaftError;
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, StreamAppendError, StreamAppendResult};
use raft_store_core::Mutant;

use crate::convert::{log_id_from, log_id_to, malformed, optional_log_id_from, vote_from, vote_to};
use crate::proto::{self, heartbeat_response::Result as Answer};
use crate::types::{Raft, TypeConfig};

pub(crate) fn request_to(request: &AppendEntriesRequest<TypeConfig>) -> proto::HeartbeatRequest {
    proto::HeartbeatRequest {
        vote: Some(vote_to(&request.vote)),
        previous: request.prev_log_id.as_ref().map(log_id_to),
        committed: request.leader_commit.as_ref().map(log_id_to),
    }
}

/// # Errors
/// For what is no vote or log id.
pub(crate) fn request_from(request: proto::HeartbeatRequest) -> io::Result<AppendEntriesRequest<TypeConfig>> {
    Ok(AppendEntriesRequest {
        vote: vote_from(request.vote)?,
        prev_log_id: optional_log_id_from(request.previous)?,
        entries: Vec::new(),
        leader_commit: optional_log_id_from(request.committed)?,
    })
}

/// The answer as openraft wants it. That it was heard says nothing of any entry.
pub(super) fn result_from(response: proto::HeartbeatResponse) -> io::Result<StreamAppendResult<TypeConfig>> {
    Ok(match response.result.ok_or_else(|| malformed("heartbeat response"))? {
        Answer::Heard(_) => Ok(None),
        Answer::Conflict(log_id) => Err(StreamAppendError::Conflict(log_id_from(log_id)?)),
        Answer::Higher(vote) => Err(StreamAppendError::HigherVote(vote_from(Some(vote))?)),
    })
}

/// Takes a heartbeat in. While a flush is under way (`flushing`) its answer does not wait for that.
pub(super) async fn hear(
    raft: &Raft,
    rpc: AppendEntriesRequest<TypeConfig>,
    flushing: bool,
) -> Result<proto::HeartbeatResponse, RaftError<TypeConfig>> {
    if Mutant::HeartbeatUnasked.lives() {
        let raft = raft.clone();
        tokio::spawn(async move { drop(raft.append_entries(rpc).await) });
        return Ok(proto::HeartbeatResponse { result: Some(Answer::Heard(proto::Blank {})) });
    }
    let (vote, previous) = (rpc.vote, rpc.prev_log_id);
    let answer = raft.append_entries(rpc);
    let answer = if flushing {
        tokio::pin!(answer);
        // Asked behind the heartbeat. Of a log that is shorter than the leader knows it, openraft's own answer tells.
        let heard = raft.with_raft_state(move |state| {
            let last = state.log_ids.last().or(state.log_ids.purged());
            *state.vote_ref() == vote && last >= previous.as_ref()
        });
        tokio::select! {
            biased;
            answer = &mut answer => answer?,
            heard = heard => if heard.is_ok_and(|heard| heard) { AppendEntriesResponse::Success } else { answer.await? },
        }
    } else {
        answer.await?
    };
    let result = match answer {
        AppendEntriesResponse::Success | AppendEntriesResponse::PartialSuccess(_) => Answer::Heard(proto::Blank {}),
        AppendEntriesResponse::Conflict => match previous {
            Some(previous) => Answer::Conflict(log_id_to(&previous)),
            None => Answer::Heard(proto::Blank {}),
        },
        AppendEntriesResponse::HigherVote(vote) => Answer::Higher(vote_to(&vote)),
    };
    Ok(proto::HeartbeatResponse { result: Some(result) })
}
