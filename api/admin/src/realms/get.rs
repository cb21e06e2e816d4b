//! `GET /v1/realms/{realm}`.

use raft_store_core::Freshness;
use woad_identity::realm;

use super::RealmView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let id = call.realm_id()?;
    let store = &call.running.services.store;
    let found = store.view(&call.request, Freshness::Linearizable, |view| {
        realm::get(view, &id)?.as_ref().map(RealmView::of).transpose()
    });
    found.await?.answer.map(ok).ok_or_else(no_realm)
}
