//! `GET /v1/realms/{realm}/clients?count=&after=`: a page of clients by id.

use http::StatusCode;
use raft_store_core::Freshness;
use serde::Serialize;
use woad_http::Problem;
use woad_identity::ClientId;
use woad_identity::client::{self, ClientObject, MAX_PAGE};

use super::view;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

#[derive(Serialize)]
struct Page {
    clients: Vec<ClientObject>,
    /// What to ask for next, as `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail);
    let count = usize::try_from(call.number("count", MAX_PAGE as u64)?).unwrap_or(usize::MAX);
    if !(1..=MAX_PAGE).contains(&count) {
        return Err(bad(format!("count must be between 1 and {MAX_PAGE}")));
    }
    let after = call.text("after").map(ClientId::parse).transpose().map_err(|error| bad(error.to_string()))?;
    let realm = call.realm().await?;
    let store = &call.running.services.store;
    let found = store
        .view(&call.request, Freshness::Linearizable, |view| client::list(view, &realm.key, after.as_ref(), count));
    let found = found.await?.answer;
    let next = if found.len() == count { found.last().map(|last| last.key.1.to_string()) } else { None };
    let clients = found.iter().map(|client| view(&client.key.1, &client.row)).collect::<Result<_, _>>()?;
    Ok(ok(Page { clients, next }))
}
