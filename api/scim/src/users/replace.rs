//! `PUT /Users/{id}` (RFC 7644 §3.5.1). What is left out is unset, except for `active` and `password`, which stay:
//! who says nothing of them restores nobody and locks nobody out.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Abort, Outcome, Stored, Tx};
use woad_http::Services;
use woad_identity::realm::Realms;
use woad_identity::text::fold;
use woad_identity::user::{self, Email, Provenance, User, UserPatch, Users};

use super::password::NewPassword;
use super::refused::Refused;
use super::show::{projection, show};
use super::{Whose, fields};
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::etag::Conditions;
use crate::fault::Fault;
use crate::input;
use crate::render::user_revision;
use crate::schema::USERS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = super::named(&call)?;
    replace(&services, &call, whose).await
}

/// Replaces a record. Of one's own, what one may not change stays as it is.
pub(crate) async fn replace(services: &Services, call: &Call, whose: Whose) -> Result<Response, Fault> {
    let conditions = call.conditions()?;
    let projection = projection(call)?;
    let mut resource = input::resource(&USERS, call.json()?)?;
    let password = resource.remove("password").filter(|_| matches!(whose, Whose::Anybodys(_)));
    let patch = fields::of(whose, &resource);
    let password = NewPassword::of(services, password).await?;
    let run = |tx: &mut Tx<'_>| {
        let (realm, stored) = match begin(tx, call, whose, &conditions)? {
            Ok(begun) => begun,
            Err(refused) => return Ok(Outcome::Answer(Err(refused))),
        };
        write(tx, call, &realm, (whose, &stored), patch.clone(), &password)
    };
    let done = services.store.transact(&call.request(), run).await?;
    done.answer?;
    let shown = show(services, call, whose.id(), &projection, Some(done.revision)).await?;
    let shown = shown.ok_or_else(Fault::not_found)?;
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}

/// What an operation begins with.
type Begun = (Stored<Realms>, Stored<Users>);

/// The realm and the record, if the caller may go on.
pub(super) fn begin(
    tx: &Tx<'_>,
    call: &Call,
    whose: Whose,
    conditions: &Conditions,
) -> Result<Result<Begun, Refused>, Abort> {
    let realm = match call.admitted(tx)? {
        Ok(realm) => realm,
        Err(error) => return Ok(Err(error.into())),
    };
    let Some(stored) = user::get(tx, &call.realm, whose.id())? else { return Ok(Err(Refused::NotFound)) };
    if !conditions.is_empty() {
        let revision = user_revision(tx, &call.realm, whose.id(), stored.revision)?;
        if !conditions.allow_change(revision) {
            return Ok(Err(Refused::Precondition));
        }
    }
    Ok(Ok((realm, stored)))
}

/// Sets fields and password, both or neither.
pub(super) fn write(
    tx: &mut Tx<'_>,
    call: &Call,
    realm: &Stored<Realms>,
    (whose, before): (Whose, &Stored<Users>),
    patch: UserPatch,
    password: &NewPassword,
) -> Result<Outcome<Result<(), Refused>>, Abort> {
    let provenance = match whose {
        Whose::Anybodys(_) => Provenance::Provisioning,
        Whose::Own(_) => Provenance::Themselves,
    };
    let patch = keeping_doubts(patch, &before.row);
    let (written, stored) = match user::update(tx, realm, whose.id(), &patch, None, provenance, &call.actor)? {
        Outcome::Commit(Ok(stored)) => (true, stored),
        Outcome::Answer(Ok(stored)) => (false, stored),
        Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    if let Err(refused) = password.check(realm, &stored) {
        return Ok(Outcome::Answer(Err(refused)));
    }
    Ok(match password.write(tx, &stored, &call.actor)? {
        Ok(also) if written || also => Outcome::Commit(Ok(())),
        Ok(_) => Outcome::Answer(Ok(())),
        Err(refused) => Outcome::Answer(Err(refused)),
    })
}

/// An address that was there and not verified stays so: who sends a record back says nothing of it.
fn keeping_doubts(mut patch: UserPatch, before: &User) -> UserPatch {
    let doubted = |email: &Email| {
        let same = |old: &&Email| fold::email(&old.value) == fold::email(&email.value);
        before.emails.iter().find(same).is_some_and(|old| !old.verified)
    };
    for email in patch.emails.iter_mut().flatten() {
        email.verified = !doubted(email);
    }
    patch
}
