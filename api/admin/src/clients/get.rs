//! `GET /v1/realms/{realm}/clients/{client}`. Never shows a secret.

use raft_store_core::Freshness;
use woad_identity::client;

use super::view;
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let realm = call.realm().await?;
    let id = call.client_id()?;
    let store = &call.running.services.store;
    let found = store.view(&call.request, Freshness::Linearizable, |view| client::get(view, &realm.key, &id)).await?;
    let found = found.answer.ok_or_else(no_client)?;
    Ok(ok(view(&id, &found.row)?))
}
