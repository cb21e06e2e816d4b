//! `DELETE /Users/{id}` (RFC 7644 §3.6). The person is absent, and all that was issued to them dead, from the answer
//! on; what hangs on the record is removed by the request as far as that is quick, else by the leader's job.

use axum::response::Response;
use raft_store_core::{Outcome, Tx};
use woad_http::Services;
use woad_identity::UserId;
use woad_identity::user::{self, Purge};

use super::Whose;
use super::refused::Refused;
use super::replace::begin;
use crate::answer;
use crate::call::{Call, WriteCall};
use crate::fault::Fault;
use crate::limits::MAX_PURGE_STEPS;

pub(crate) async fn handle(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = super::named(&call)?;
    delete(&services, &call, whose).await
}

/// Deletes somebody.
pub(crate) async fn delete(services: &Services, call: &Call, whose: Whose) -> Result<Response, Fault> {
    let conditions = call.conditions()?;
    let run = |tx: &mut Tx<'_>| {
        if let Err(refused) = begin(tx, call, whose, &conditions)? {
            return Ok(Outcome::Answer(Err(refused)));
        }
        Ok(match user::delete(tx, &call.realm, whose.id(), &call.actor)? {
            Outcome::Commit(done) => Outcome::Commit(done.map_err(Refused::from)),
            Outcome::Answer(done) => Outcome::Answer(done.map_err(Refused::from)),
        })
    };
    services.store.transact(&call.request(), run).await?.answer?;
    purge(services, call, whose.id()).await;
    Ok(answer::none())
}

/// A failure here is nobody's: the deletion stands, and the job goes on with it.
async fn purge(services: &Services, call: &Call, id: UserId) {
    for _ in 0..MAX_PURGE_STEPS {
        let step = |tx: &mut Tx<'_>| user::purge_step(tx, &call.realm, id);
        match services.store.transact(&call.request(), step).await {
            Ok(done) if done.answer == Purge::More => {}
            Ok(_) => return,
            Err(error) => {
                tracing::info!(%error, "what is left of a deleted user is removed later");
                return;
            }
        }
    }
}
