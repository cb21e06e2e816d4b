//! `GET /v1/realms`.

use raft_store_core::Freshness;
use serde_json::json;
use woad_identity::realm;

use super::RealmView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let store = &call.running.services.store;
    let realms = store.view(&call.request, Freshness::Linearizable, |view| {
        realm::list(view)?.iter().map(RealmView::of).collect::<Result<Vec<_>, _>>()
    });
    Ok(ok(json!({ "realms": realms.await?.answer })))
}
