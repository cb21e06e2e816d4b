//! `DELETE /v1/realms/{realm}/scope-policies/{policy}`. With `If-Match`, only if nobody has changed it since.

use raft_store_core::Outcome;
use woad_identity::policy::{self, DeletePolicyError};
use woad_identity::realm;

use super::{no_policy, policy_id};
use crate::Admin;
use crate::call::{Answer, ClusterCall, changed_meanwhile, done, no_realm};
use crate::outcome::refused;

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let (realm, id) = (call.realm_id()?, policy_id(&call)?);
    let if_revision = call.if_match()?;
    let store = &call.running.services.store;
    let deleted = store.transact(&call.request, |tx| {
        if realm::get(tx, &realm)?.is_none() {
            return Ok(Outcome::Answer(Err(no_realm())));
        }
        let deleted = policy::delete(tx, &realm, id, if_revision, &call.actor)?;
        Ok(refused(deleted, |error| match error {
            DeletePolicyError::NotFound => no_policy(),
            DeletePolicyError::Changed => changed_meanwhile(error.to_string()),
        }))
    });
    deleted.await?.answer?;
    Ok(done())
}
