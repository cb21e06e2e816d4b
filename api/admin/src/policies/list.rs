//! `GET /v1/realms/{realm}/scope-policies`.

use raft_store_core::Freshness;
use serde_json::json;
use woad_identity::policy;

use super::PolicyView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let realm = call.realm().await?.key;
    let store = &call.running.services.store;
    let all = store.view(&call.request, Freshness::Linearizable, |view| {
        policy::list(view, &realm)?.iter().map(PolicyView::of).collect::<Result<Vec<_>, _>>()
    });
    Ok(ok(json!({ "scope_policies": all.await?.answer })))
}
