//! `PUT /Groups/{id}` (RFC 7644 §3.5.1). What is left out is unset, members too; but a group whose parent is left out
//! stays where it is, since its place is in its full name, and that in tokens.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Abort, Outcome, Stored, Tx};
use serde_json::Value;
use woad_http::Services;
use woad_identity::GroupId;
use woad_identity::group::{self, Groups};

use super::fields::{self, Fields};
use super::members::{self, MemberChange, Members};
use super::refused::Refused;
use super::show::{projection, show};
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::etag::Conditions;
use crate::fault::Fault;
use crate::input;
use crate::render::group_revision;
use crate::schema::GROUPS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let id = super::named(&call)?;
    let conditions = call.conditions()?;
    let projection = projection(&call)?;
    let resource = input::resource(&GROUPS, call.json()?)?;
    let fields = fields::of(&resource)?;
    let users = members::ids(resource.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice))?;
    let members = [MemberChange::Become(users)];
    let run = |tx: &mut Tx<'_>| match begin(tx, &call, id, &conditions)? {
        Ok(stored) => {
            let parent = fields.parent.or_else(|| stored.row.parent());
            write(tx, &call, &stored, &Fields { parent, ..fields.clone() }, &members)
        }
        Err(refused) => Ok(Outcome::Answer(Err(refused))),
    };
    let done = services.store.transact(&call.request(), run).await?;
    done.answer?;
    let shown = show(&services, &call, id, &projection, Some(done.revision)).await?.ok_or_else(Fault::not_found)?;
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}

/// The record, if the caller may go on.
pub(super) fn begin(
    tx: &Tx<'_>,
    call: &Call,
    id: GroupId,
    conditions: &Conditions,
) -> Result<Result<Stored<Groups>, Refused>, Abort> {
    if let Err(error) = call.admitted(tx)? {
        return Ok(Err(error.into()));
    }
    let Some(stored) = group::get(tx, &call.realm, id)? else { return Ok(Err(Refused::NotFound)) };
    if !conditions.is_empty() {
        let revision = group_revision(tx, &call.realm, id, stored.revision)?;
        if !conditions.allow_change(revision) {
            return Ok(Err(Refused::Precondition));
        }
    }
    Ok(Ok(stored))
}

/// Sets place, fields and members, in this order, all or none.
pub(super) fn write(
    tx: &mut Tx<'_>,
    call: &Call,
    stored: &Stored<Groups>,
    fields: &Fields,
    changes: &[MemberChange],
) -> Result<Outcome<Result<(), Refused>>, Abort> {
    let (realm, id) = (&stored.key.0, stored.key.1);
    let mut written = false;
    if stored.row.parent() != fields.parent {
        match group::set_parent(tx, realm, id, fields.parent, &call.actor)? {
            Outcome::Commit(Ok(_)) => written = true,
            Outcome::Answer(Ok(_)) => {}
            Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => return Ok(Outcome::Answer(Err(error.into()))),
        }
    }
    match group::update(tx, realm, id, &fields.patch, None, &call.actor)? {
        Outcome::Commit(Ok(_)) => written = true,
        Outcome::Answer(Ok(_)) => {}
        Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => return Ok(Outcome::Answer(Err(error.into()))),
    }
    let mut members = Members::new(call, id);
    for change in changes {
        if let Err(refused) = members.apply(tx, change)? {
            return Ok(Outcome::Answer(Err(refused)));
        }
    }
    Ok(if written || members.have_changed() { Outcome::Commit(Ok(())) } else { Outcome::Answer(Ok(())) })
}
