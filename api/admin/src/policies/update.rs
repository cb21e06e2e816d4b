//! `PUT /v1/realms/{realm}/scope-policies/{policy}`: replaces a policy. With `If-Match`, only if nobody has changed it
//! since.

use raft_store_core::{Freshness, Outcome};
use woad_http::Problem;
use woad_identity::policy::{self, UpdatePolicyError};
use woad_identity::realm;

use super::get::shown;
use super::wanted::Wanted;
use super::{no_policy, policy_id, problem};
use crate::Admin;
use crate::call::{Answer, ClusterCall, changed_meanwhile, no_realm, ok};
use crate::outcome::refused;

fn refusal(error: UpdatePolicyError) -> Problem {
    match error {
        UpdatePolicyError::NotFound => no_policy(),
        UpdatePolicyError::Changed => changed_meanwhile(error.to_string()),
        UpdatePolicyError::Refused(error) => problem(&error),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm_id()?;
    let id = policy_id(&call)?;
    let wanted = call.json::<Wanted>()?.parse()?;
    let if_revision = call.if_match()?;
    let store = &call.running.services.store;
    let done = store.transact(&call.request, |tx| {
        if realm::get(tx, &realm)?.is_none() {
            return Ok(Outcome::Answer(Err(no_realm())));
        }
        let fields = match wanted.fields(tx, &realm)? {
            Ok(fields) => fields,
            Err(nobody) => return Ok(Outcome::Answer(Err(nobody))),
        };
        Ok(refused(policy::update(tx, &realm, id, &fields, if_revision, &call.actor)?, refusal))
    });
    let done = done.await?;
    done.answer?;
    shown(&call, id, Freshness::AtLeast(done.revision)).await.map(ok)
}
