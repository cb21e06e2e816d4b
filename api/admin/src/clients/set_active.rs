//! `POST …/clients/{client}/enable` and `…/disable`. A disabled client's tokens are dead at every replica once this
//! has answered.

use raft_store_core::Outcome;
use woad_identity::client;
use woad_identity::realm;

use super::view;
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, no_realm, ok};
use crate::outcome::refused;

pub(crate) async fn enable(_: Admin, call: ClusterCall) -> Answer {
    set(&call, true).await
}

pub(crate) async fn disable(_: Admin, call: ClusterCall) -> Answer {
    set(&call, false).await
}

async fn set(call: &ClusterCall, active: bool) -> Answer {
    call.without_body()?;
    let (realm, id) = (call.realm_id()?, call.client_id()?);
    let store = &call.running.services.store;
    let done = store.transact(&call.request, |tx| {
        if realm::get(tx, &realm)?.is_none() {
            return Ok(Outcome::Answer(Err(no_realm())));
        }
        Ok(refused(client::set_active(tx, &realm, &id, active, &call.actor)?, |_| no_client()))
    });
    let row = done.await?.answer?;
    Ok(ok(view(&id, &row)?))
}
