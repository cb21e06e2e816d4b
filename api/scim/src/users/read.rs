//! `GET /Users/{id}` (RFC 7644 §3.4.1).

use axum::response::Response;
use http::StatusCode;
use woad_http::Services;
use woad_identity::UserId;

use super::show::{projection, show};
use crate::answer;
use crate::call::{Call, ReadCall};
use crate::fault::Fault;
use crate::schema::USERS;

pub(crate) async fn handle(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let whose = super::named(&call)?;
    read(&services, &call, whose.id(), |_| true).await
}

/// The user, as far as `may` has it by attribute or extension, or that the caller has it already.
pub(crate) async fn read(
    services: &Services,
    call: &Call,
    id: UserId,
    may: impl Fn(&str) -> bool,
) -> Result<Response, Fault> {
    let conditions = call.conditions()?;
    let projection = projection(call)?;
    let mut shown = show(services, call, id, &projection, None).await?.ok_or_else(Fault::not_found)?;
    if !conditions.matches(shown.revision) {
        return Err(Fault::precondition());
    }
    if conditions.is_known(shown.revision) {
        return Ok(answer::not_modified(shown.revision));
    }
    shown.body.retain(|name, _| may(name));
    projection.apply(&USERS, &mut shown.body);
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}
