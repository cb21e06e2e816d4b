//! `DELETE /Groups/{id}` (RFC 7644 §3.6). One with subgroups stays. The members leave first, in steps of their own
//! since a transaction does not hold them all: if a step fails, those before it stand, and the request may be sent
//! again.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Abort, Outcome, Tx, View};
use woad_http::Services;
use woad_identity::group::{self, DeleteGroupError};
use woad_identity::{GroupId, UserId};

use super::members::{MemberChange, Members};
use super::refused::Refused;
use super::replace::begin;
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::etag::Conditions;
use crate::fault::Fault;
use crate::limits::{MAX_DELETE_STEPS, MAX_MEMBER_CHANGES};

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let id = super::named(&call)?;
    let mut conditions = call.conditions()?;
    for _ in 0..MAX_DELETE_STEPS {
        let members = members(&services, &call, id).await?;
        let run = |tx: &mut Tx<'_>| step(tx, &call, id, &conditions, &members);
        match services.store.transact(&call.request(), run).await?.answer? {
            Step::Deleted => return Ok(answer::none()),
            // From here on the group is as this request made it.
            Step::Left => conditions = Conditions::default(),
        }
    }
    Err(Fault::status(
        StatusCode::CONFLICT,
        "The group has too many members to be deleted at once: send the request again",
    ))
}

enum Step {
    Left,
    Deleted,
}

/// Some members: as many as one step takes out.
async fn members(services: &Services, call: &Call, id: GroupId) -> Result<Vec<UserId>, Fault> {
    let page = |view: &View<'_>| group::members(view, &call.realm, id, None, MAX_MEMBER_CHANGES);
    let members = call.view(services, page).await?;
    Ok(members.into_iter().map(|member| member.key.1).collect())
}

fn step(
    tx: &mut Tx<'_>,
    call: &Call,
    id: GroupId,
    conditions: &Conditions,
    members: &[UserId],
) -> Result<Outcome<Result<Step, Refused>>, Abort> {
    if let Err(refused) = begin(tx, call, id, conditions)? {
        return Ok(Outcome::Answer(Err(refused)));
    }
    if !group::subgroups(tx, &call.realm, Some(id))?.is_empty() {
        return Ok(Outcome::Answer(Err(DeleteGroupError::NotEmpty.into())));
    }
    if !members.is_empty() {
        return Ok(match Members::new(call, id).apply(tx, &MemberChange::Leave(members.to_vec()))? {
            Ok(()) => Outcome::Commit(Ok(Step::Left)),
            Err(refused) => Outcome::Answer(Err(refused)),
        });
    }
    Ok(match group::delete(tx, &call.realm, id, &call.actor)? {
        Outcome::Commit(Ok(())) => Outcome::Commit(Ok(Step::Deleted)),
        Outcome::Answer(Ok(())) => Outcome::Answer(Ok(Step::Deleted)),
        Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => Outcome::Answer(Err(error.into())),
    })
}
