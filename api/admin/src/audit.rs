//! `GET /v1/realms/{realm}/audit` and `GET /v1/cluster/audit`, with `from` and `count`: a chain's events.

use std::fmt::Write;

use http::StatusCode;
use raft_store_core::{Chain, Freshness};
use serde::Serialize;
use serde_json::Value;
use woad_http::Problem;

use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

/// Events of one page: each may be some KiB.
const MAX_PAGE: u64 = 100;

#[derive(Serialize)]
struct EventView {
    number: u64,
    index: u64,
    digest: String,
    /// Null when it was erased.
    event: Value,
}

#[derive(Serialize)]
struct PageView {
    /// Events in the chain.
    count: u64,
    /// The chain's digest after the last of them.
    head: String,
    events: Vec<EventView>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) async fn of_realm(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm().await?;
    page(&call, &Chain::Realm(realm.key.to_string())).await
}

pub(crate) async fn of_cluster(_: Admin, call: ClusterCall) -> Answer {
    page(&call, &Chain::Cluster).await
}

async fn page(call: &ClusterCall, chain: &Chain) -> Answer {
    call.without_body()?;
    let (from, count) = (call.number("from", 1)?, call.number("count", MAX_PAGE)?);
    let limit = usize::try_from(count).ok().filter(|_| (1..=MAX_PAGE).contains(&count));
    let bad = || Problem::new(StatusCode::BAD_REQUEST, format!("count must be between 1 and {MAX_PAGE}"));
    let limit = limit.ok_or_else(bad)?;
    let store = &call.running.services.store;
    let page = store.view(&call.request, Freshness::Linearizable, |view| {
        let head = view.audit_head(chain.name())?;
        let events = view.audit_events(chain.name(), from, limit)?.into_iter().map(|event| EventView {
            number: event.number,
            index: event.index.0,
            digest: hex(&event.digest),
            event: serde_json::from_slice(&event.body).unwrap_or_default(),
        });
        Ok(PageView { count: head.count, head: hex(&head.digest), events: events.collect() })
    });
    Ok(ok(page.await?.answer))
}
