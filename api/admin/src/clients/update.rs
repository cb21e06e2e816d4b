//! `PATCH /v1/realms/{realm}/clients/{client}`: sets the fields that the body names.

use raft_store_core::Outcome;
use woad_identity::client::{self, ClientPatch, NoSuchClientOr};
use woad_identity::realm;

use super::{invalid, view};
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, no_realm, ok};
use crate::outcome::refused;

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm_id = call.realm_id()?;
    let id = call.client_id()?;
    let patch: ClientPatch = call.json()?;
    let store = &call.running.services.store;
    let done = store.transact(&call.request, |tx| match realm::get(tx, &realm_id)? {
        None => Ok(Outcome::Answer(Err(no_realm()))),
        Some(realm) => {
            let problem = |error| match error {
                NoSuchClientOr::NoSuchClient => no_client(),
                NoSuchClientOr::Other(error) => invalid(&error),
            };
            Ok(refused(client::update(tx, &realm, &id, &patch, &call.actor)?, problem))
        }
    });
    let row = done.await?.answer?;
    Ok(ok(view(&id, &row)?))
}
