//! `POST /Users` (RFC 7644 §3.3).

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use raft_store_core::{Abort, Outcome, Tx};
use serde_json::Value;
use woad_http::Services;
use woad_http::idempotency::Key;
use woad_identity::UserId;
use woad_identity::user::{self, NewUser, Provenance};

use super::password::NewPassword;
use super::refused::Refused;
use super::show::{projection, show};
use super::{Whose, fields};
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::fault::Fault;
use crate::input;
use crate::once::{self, Made};
use crate::render::location;
use crate::schema::USERS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let projection = projection(&call)?;
    let mut resource = input::resource(&USERS, call.json()?)?;
    let password = resource.remove("password");
    // Of the rest alone: a digest of a password could be tried out.
    let key = once::key(&call, &Value::Object(resource.clone()))?;
    let id = UserId::from_random(services.random()?);
    let new = NewUser { id, fields: fields::of(Whose::Anybodys(id), &resource), provenance: Provenance::Provisioning };
    let password = NewPassword::of(&services, password).await?;
    let run = |tx: &mut Tx<'_>| create(tx, &call, &new, &password, key.as_ref());
    let done = services.store.transact(&call.request(), run).await?;
    let (id, before) = match done.answer? {
        Made::Now => (id, false),
        Made::Before(id) => (UserId::parse(&id).map_err(|_| Fault::not_found())?, true),
    };
    let at = location(&call.base, &USERS, &id.to_string());
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
    new: &NewUser,
    password: &NewPassword,
    key: Option<&Key>,
) -> Result<Outcome<Result<Made, Refused>>, Abort> {
    let realm = match call.admitted(tx)? {
        Ok(realm) => realm,
        Err(error) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    match once::made(tx, key)? {
        Ok(None) => {}
        Ok(Some(id)) => return Ok(Outcome::Answer(Ok(Made::Before(id)))),
        Err(reused) => return Ok(Outcome::Answer(Err(reused.into()))),
    }
    let made = match user::create(tx, &realm, new, password.hash(), &call.actor)? {
        Outcome::Commit(Ok(made)) | Outcome::Answer(Ok(made)) => made,
        Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    if let Err(refused) = password.check(&realm, &made) {
        return Ok(Outcome::Answer(Err(refused)));
    }
    if let Some(key) = key {
        key.remember(tx, &new.id.to_string())?;
    }
    Ok(Outcome::Commit(Ok(Made::Now)))
}
