//! `GET …/users/{user}/sessions`, `DELETE …/sessions` and `DELETE …/sessions/{session}`.

use http::StatusCode;
use raft_store_core::Outcome;
use serde::Serialize;
use serde_json::json;
use woad_http::Problem;
use woad_identity::session::{self, SessionId};

use super::{change, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};
use crate::outcome::refused;

#[derive(Serialize)]
struct SessionView {
    /// Opens nothing.
    id: String,
    created_ms: u64,
    last_seen_ms: u64,
    /// When it ends unless it is used.
    ends_ms: u64,
    address: String,
    user_agent: String,
}

fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such session").of_kind("no-such-session")
}

pub(crate) async fn list(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let sessions = read(&call, |view, realm, user| {
        let all = session::list(view, realm, user.key.1)?.into_iter().map(|session| SessionView {
            id: SessionId::of(&session.key.1).to_string(),
            created_ms: session.row.created_ms,
            last_seen_ms: session.row.last_seen_ms,
            ends_ms: session.row.idle_end_ms.min(session.row.absolute_end_ms),
            address: session.row.address,
            user_agent: session.row.user_agent,
        });
        Ok(all.collect::<Vec<_>>())
    });
    Ok(ok(json!({ "sessions": sessions.await? })))
}

/// Ends the person's sessions, and every refresh family and token in their name.
pub(crate) async fn end_all(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let ended = change(&call, |tx, realm, id| {
        Ok(match session::end_all_access(tx, &realm.key, id, &call.actor)? {
            Outcome::Commit(ended) => Outcome::Commit(Ok(ended)),
            Outcome::Answer(ended) => Outcome::Answer(Ok(ended)),
        })
    });
    let (_, ended) = ended.await?.answer;
    Ok(ok(json!({ "ended": ended })))
}

pub(crate) async fn end(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let session = SessionId::parse(call.parameter(2)).ok_or_else(no_session)?;
    let ended = change(&call, |tx, realm, id| {
        Ok(refused(session::end_by_id(tx, &realm.key, id, session, &call.actor)?, |_| no_session()))
    });
    ended.await?;
    Ok(ok(json!({ "ended": 1 })))
}
