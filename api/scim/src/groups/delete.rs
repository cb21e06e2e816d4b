//! `DELETE /Groups/{id}` (RFC 7644 §3.6). One with subgroups stays. From the answer on nobody is in it; the rows of its
//! members, which no transaction would hold, are removed by the leader's job.

use axum::response::Response;
use raft_store_core::{Abort, Outcome, Tx};
use woad_http::Services;
use woad_identity::GroupId;
use woad_identity::group;

use super::refused::Refused;
use super::replace::begin;
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::etag::Conditions;
use crate::fault::Fault;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let id = super::named(&call)?;
    let conditions = call.conditions()?;
    let run = |tx: &mut Tx<'_>| delete(tx, &call, id, &conditions);
    services.store.transact(&call.request(), run).await?.answer?;
    Ok(answer::none())
}

fn delete(
    tx: &mut Tx<'_>,
    call: &Call,
    id: GroupId,
    conditions: &Conditions,
) -> Result<Outcome<Result<(), Refused>>, Abort> {
    if let Err(refused) = begin(tx, call, id, conditions)? {
        return Ok(Outcome::Answer(Err(refused)));
    }
    Ok(match group::delete_with_members(tx, &call.realm, id, &call.actor)? {
        Outcome::Commit(done) => Outcome::Commit(done.map_err(Refused::from)),
        Outcome::Answer(done) => Outcome::Answer(done.map_err(Refused::from)),
    })
}
