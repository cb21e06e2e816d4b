//! `GET /Groups/{id}` (RFC 7644 §3.4.1).

use axum::response::Response;
use http::StatusCode;
use woad_http::Services;

use super::show::{projection, show};
use crate::answer;
use crate::call::ReadCall;
use crate::fault::Fault;

pub(crate) async fn handle(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let id = super::named(&call)?;
    let conditions = call.conditions()?;
    let projection = projection(&call)?;
    let shown = show(&services, &call, id, &projection, None).await?.ok_or_else(Fault::not_found)?;
    if !conditions.matches(shown.revision) {
        return Err(Fault::precondition());
    }
    if conditions.is_known(shown.revision) {
        return Ok(answer::not_modified(shown.revision));
    }
    Ok(answer::resource(StatusCode::OK, shown.body, shown.revision))
}
