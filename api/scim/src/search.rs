//! Lists, by GET and by `.search`.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::View;
use raft_store_core::limits::DEFAULT_DEADLINE;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use woad_http::{ScimError, Services, Unavailable};

use crate::answer;
use crate::call::{Call, ReadCall};
use crate::fault::Fault;
use crate::limits::MAX_LISTS;
use crate::list::{self, Query};
use crate::schema::{GROUPS, ResourceType, TYPES, USERS};

/// Whoever looks at many resources holds one.
static TURNS: Semaphore = Semaphore::const_new(MAX_LISTS);

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
    let _turn = if list::is_long(kinds, query) { Some(turn().await?) } else { None };
    let make = |view: &View<'_>| aside(|| list::answer(view, &call.realm, &call.base, kinds, query));
    let listed = call.view(services, make).await?;
    Ok(answer::json(StatusCode::OK, &listed?))
}

/// Waits for it as long as a request may take.
async fn turn() -> Result<SemaphorePermit<'static>, Fault> {
    match timeout(DEFAULT_DEADLINE, TURNS.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(ScimError::from(Unavailable::BUSY).into()),
    }
}

/// Runs what takes a while without holding up what else runs on this thread.
fn aside<A>(work: impl FnOnce() -> A) -> A {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
