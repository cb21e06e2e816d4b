//! `GET /v1/realms/{realm}/audit` and `GET /v1/cluster/audit`, with `from` and `count`: a chain's events.

use std::fmt::Write;

use http::StatusCode;
use raft_store_core::audit::StoredEvent;
use raft_store_core::{Chain, Freshness};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use woad_http::Problem;
use woad_identity::audit;

use crate::Admin;
use crate::call::{Answer, ClusterCall, done, ok};

/// Events of one page: each may be some KiB.
const MAX_PAGE: u64 = 100;

#[derive(Serialize)]
struct EventView {
    number: u64,
    index: u64,
    /// The entry's stamp.
    at_ms: u64,
    body_digest: String,
    /// The chain's digest after it.
    head: String,
    /// The body as it was written, for computing its digest; null when it was erased.
    body: Option<String>,
    /// The same, for reading.
    event: Value,
}

impl From<StoredEvent> for EventView {
    fn from(event: StoredEvent) -> Self {
        Self {
            number: event.number,
            index: event.index.0,
            at_ms: event.stamp.0,
            body_digest: hex(&event.body_digest),
            head: hex(&event.head),
            event: serde_json::from_slice(&event.body).unwrap_or_default(),
            body: String::from_utf8(event.body).ok().filter(|body| !body.is_empty()),
        }
    }
}

#[derive(Serialize)]
struct PageView {
    /// The chain's name: a realm's id, or empty.
    chain: String,
    /// Events in the chain, the pruned ones counted.
    count: u64,
    /// The chain's digest after the last of them.
    head: String,
    /// Events that were pruned, and the chain's digest after the last of them.
    base_count: u64,
    base_head: String,
    /// What vouches for the base: a compact JWS; null when nothing was pruned.
    base_checkpoint: Option<String>,
    /// The newest checkpoint, a compact JWS.
    checkpoint: Option<String>,
    /// The keys that checkpoints are signed with, as JWKs.
    keys: Vec<Value>,
    /// Days after which events are pruned; null: they are kept.
    keep_days: Option<u32>,
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

/// For how many days events are kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retention {
    /// Null: for ever.
    keep_days: Option<u32>,
}

async fn retain(call: &ClusterCall, chain: &Chain) -> Answer {
    let wanted: Retention = call.json()?;
    if wanted.keep_days.is_some_and(|days| !(1..=audit::MAX_KEEP_DAYS).contains(&days)) {
        let detail = format!("keep_days must be null, or between 1 and {}", audit::MAX_KEEP_DAYS);
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let store = &call.running.services.store;
    store.transact(&call.request, |tx| audit::retain(tx, chain, wanted.keep_days, &call.actor)).await?;
    Ok(ok(json!({ "keep_days": wanted.keep_days })))
}

pub(crate) async fn retain_realm(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm().await?;
    retain(&call, &Chain::Realm(realm.key.to_string())).await
}

pub(crate) async fn retain_cluster(_: Admin, call: ClusterCall) -> Answer {
    retain(&call, &Chain::Cluster).await
}

async fn erase(call: &ClusterCall, chain: &Chain, number: &str) -> Answer {
    call.without_body()?;
    let no_event = || Problem::new(StatusCode::NOT_FOUND, "No such event").of_kind("no-such-event");
    let number: u64 = number.parse().map_err(|_| no_event())?;
    let store = &call.running.services.store;
    let there = store.view(&call.request, Freshness::Linearizable, |view| {
        Ok(view.audit_events(chain.name(), number, 1)?.first().is_some_and(|event| event.number == number))
    });
    if !there.await?.answer {
        return Err(no_event());
    }
    store.transact(&call.request, |tx| audit::erase(tx, chain, number, &call.actor)).await?;
    Ok(done())
}

pub(crate) async fn erase_of_realm(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm().await?;
    erase(&call, &Chain::Realm(realm.key.to_string()), call.parameter(1)).await
}

pub(crate) async fn erase_of_cluster(_: Admin, call: ClusterCall) -> Answer {
    erase(&call, &Chain::Cluster, call.parameter(0)).await
}

async fn page(call: &ClusterCall, chain: &Chain) -> Answer {
    call.without_body()?;
    let (from, count) = (call.number("from", 1)?, call.number("count", MAX_PAGE)?);
    let limit = usize::try_from(count).ok().filter(|_| (1..=MAX_PAGE).contains(&count));
    let bad = || Problem::new(StatusCode::BAD_REQUEST, format!("count must be between 1 and {MAX_PAGE}"));
    let limit = limit.ok_or_else(bad)?;
    let store = &call.running.services.store;
    let page = store.view(&call.request, Freshness::Linearizable, |view| {
        let (head, base) = (view.audit_head(chain.name())?, view.audit_base(chain.name())?);
        let events = view.audit_events(chain.name(), from, limit)?;
        let signed = audit::signed(view, chain)?;
        Ok(PageView {
            chain: chain.name().to_owned(),
            count: head.count,
            head: hex(&head.digest),
            base_count: base.head.count,
            base_head: hex(&base.head.digest),
            base_checkpoint: String::from_utf8(base.checkpoint).ok().filter(|text| !text.is_empty()),
            checkpoint: signed.checkpoint,
            keys: signed.keys.iter().map(|key| serde_json::from_str(key).unwrap_or_default()).collect(),
            keep_days: signed.keep_days,
            events: events.into_iter().map(EventView::from).collect(),
        })
    });
    Ok(ok(page.await?.answer))
}
