//! `POST /Groups` (RFC 7644 §3.3). The group and its members are made in one transaction.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use raft_store_core::{Abort, Outcome, Tx};
use serde_json::Value;
use woad_http::Services;
use woad_http::idempotency::Key;
use woad_identity::group::{self, NewGroup};
use woad_identity::{GroupId, UserId};

use super::fields::{self, Fields};
use super::members::{self, MemberChange, Members};
use super::refused::Refused;
use super::show::{projection, show};
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::fault::Fault;
use crate::input;
use crate::once::{self, Made};
use crate::render::location;
use crate::schema::GROUPS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let projection = projection(&call)?;
    let resource = input::resource(&GROUPS, call.json()?)?;
    let key = once::key(&call, &Value::Object(resource.clone()))?;
    let Fields { patch, parent } = fields::of(&resource)?;
    let users = members::few_ids(resource.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice))?;
    let id = GroupId::from_random(services.random()?);
    let new = NewGroup {
        id,
        name: patch.name.unwrap_or_default(),
        parent,
        description: patch.description.unwrap_or_default(),
        labels: Vec::new(),
        external_id: patch.external_id.unwrap_or_default(),
    };
    let run = |tx: &mut Tx<'_>| create(tx, &call, &new, &users, key.as_ref());
    let done = services.store.transact(&call.request(), run).await?;
    let (id, before) = match done.answer? {
        Made::Now => (id, false),
        Made::Before(id) => (GroupId::parse(&id).map_err(|_| Fault::not_found())?, true),
    };
    let at = location(&call.base, &GROUPS, &id.to_string());
    let mut response = match show(&services, &call, id, &projection, Some(done.revision)).await? {
        Some(shown) => answer::created(shown.body, shown.revision, &at),
        None if before => return Err(Fault::status(StatusCode::NOT_FOUND, "What this key made is gone")),
        // Deleted between the two.
        None => return Err(Fault::not_found()),
    };
    if before {
        response.headers_mut().insert(answer::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn create(
    tx: &mut Tx<'_>,
    call: &Call,
    new: &NewGroup,
    users: &[UserId],
    key: Option<&Key>,
) -> Result<Outcome<Result<Made, Refused>>, Abort> {
    if let Err(error) = call.admitted(tx)? {
        return Ok(Outcome::Answer(Err(error.into())));
    }
    match once::made(tx, key)? {
        Ok(None) => {}
        Ok(Some(id)) => return Ok(Outcome::Answer(Ok(Made::Before(id)))),
        Err(reused) => return Ok(Outcome::Answer(Err(reused.into()))),
    }
    if let Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) = group::create(tx, &call.realm, new, &call.actor)?
    {
        return Ok(Outcome::Answer(Err(error.into())));
    }
    let joined = Members::new(call, new.id).apply(tx, &MemberChange::Join(users.to_vec()))?;
    if let Err(refused) = joined {
        return Ok(Outcome::Answer(Err(refused)));
    }
    if let Some(key) = key {
        key.remember(tx, &new.id.to_string())?;
    }
    Ok(Outcome::Commit(Ok(Made::Now)))
}
