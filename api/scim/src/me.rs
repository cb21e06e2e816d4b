//! `/Me`: the record of the person that the token speaks of (RFC 7644 §3.11). Any token reads it; to change it takes
//! `scim:write`, and then only what people may change of themselves.

use axum::response::Response;
use woad_http::{BearerError, Services};

use crate::call::{Call, OwnCall, WriteCall};
use crate::fault::Fault;
use crate::users::{self, Whose};

/// `GET /Me`.
pub(crate) async fn read(services: Services, OwnCall(call): OwnCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::read(&services, &call, whose.id()).await
}

/// `PUT /Me`.
pub(crate) async fn replace(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::replace(&services, &call, whose).await
}

/// `PATCH /Me`.
pub(crate) async fn patch(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::patch(&services, &call, whose).await
}

/// `DELETE /Me`.
pub(crate) async fn delete(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::delete(&services, &call, whose).await
}

fn own(call: &Call) -> Result<Whose, BearerError> {
    Ok(Whose::Own(call.bearer.person()?.key.1))
}
