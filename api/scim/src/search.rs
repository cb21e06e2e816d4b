//! Lists, by GET and by `.search`.

use axum::response::Response;
use http::StatusCode;
use woad_http::Services;

use crate::answer;
use crate::call::{Call, ReadCall};
use crate::fault::Fault;
use crate::list::{self, Query};
use crate::schema::{GROUPS, ResourceType, TYPES, USERS};

/// `GET /Users`.
pub(crate) async fn users(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let query = Query::of_call(&call)?;
    respond(&services, &call, &[&USERS], &query).await
}

/// `GET /Groups`.
pub(crate) async fn groups(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let query = Query::of_call(&call)?;
    respond(&services, &call, &[&GROUPS], &query).await
}

/// `POST /Users/.search`.
pub(crate) async fn search_users(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let query = Query::of_body(call.json()?)?;
    respond(&services, &call, &[&USERS], &query).await
}

/// `POST /Groups/.search`.
pub(crate) async fn search_groups(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let query = Query::of_body(call.json()?)?;
    respond(&services, &call, &[&GROUPS], &query).await
}

/// `POST /.search`: users and groups.
pub(crate) async fn search_all(services: Services, ReadCall(call): ReadCall) -> Result<Response, Fault> {
    let query = Query::of_body(call.json()?)?;
    respond(&services, &call, &TYPES, &query).await
}

async fn respond(
    services: &Services,
    call: &Call,
    kinds: &[&'static ResourceType],
    query: &Query,
) -> Result<Response, Fault> {
    let listed = call.view(services, |view| list::answer(view, &call.realm, &call.base, kinds, query)).await?;
    Ok(answer::json(StatusCode::OK, &listed?))
}
