//! `DELETE /v1/realms/{realm}/clients/{client}`. Its tokens are dead at every replica once this has answered.

use raft_store_core::Outcome;
use woad_identity::client;

use crate::Admin;
use crate::call::{Answer, ClusterCall, done, no_client};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let (realm, id) = (call.realm_id()?, call.client_id()?);
    let store = &call.running.services.store;
    let deleted = store.transact(&call.request, |tx| {
        Ok(match client::delete(tx, &realm, &id, &call.actor)? {
            Outcome::Commit(gone) => Outcome::Commit(gone.map_err(|_| no_client())),
            Outcome::Answer(gone) => Outcome::Answer(gone.map_err(|_| no_client())),
        })
    });
    deleted.await?.answer?;
    Ok(done())
}
