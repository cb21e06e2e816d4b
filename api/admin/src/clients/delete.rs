//! `DELETE /v1/realms/{realm}/clients/{client}`. Its tokens are dead at every replica once this has answered.

use woad_identity::client;

use crate::Admin;
use crate::call::{Answer, ClusterCall, done, no_client};
use crate::outcome::refused;

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let (realm, id) = (call.realm_id()?, call.client_id()?);
    let store = &call.running.services.store;
    let deleted =
        store.transact(&call.request, |tx| Ok(refused(client::delete(tx, &realm, &id, &call.actor)?, |_| no_client())));
    deleted.await?.answer?;
    Ok(done())
}
