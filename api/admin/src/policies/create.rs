//! `POST /v1/realms/{realm}/scope-policies`.

use raft_store_core::{Freshness, Outcome};
use woad_identity::policy::{self, PolicyId};
use woad_identity::realm;

use super::get::shown;
use super::wanted::Wanted;
use super::{no_policy, problem};
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm};
use crate::created::{self, Creation};
use crate::outcome::{answered, refused};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm_id()?;
    let wanted = call.json::<Wanted>()?.parse()?;
    let key = created::key(&call, realm.as_str())?;
    let store = &call.running.services.store;
    let creation = store.transact(&call.request, |tx| {
        created::once_named(
            tx,
            key.as_ref(),
            |id: &PolicyId| id.to_string(),
            |tx| {
                if realm::get(tx, &realm)?.is_none() {
                    return Ok(Outcome::Answer(Err(no_realm())));
                }
                let fields = match wanted.fields(tx, &realm)? {
                    Ok(fields) => fields,
                    Err(nobody) => return Ok(Outcome::Answer(Err(nobody))),
                };
                let made = policy::create(tx, &realm, &fields, &call.actor)?;
                Ok(answered(refused(made, |error| problem(&error)), |(id, _)| id))
            },
        )
    });
    let creation = creation.await?;
    let (id, replayed) = match creation.answer {
        Ok(Creation::Made(id)) => (id, false),
        Ok(Creation::Before(id)) => (id.parse().map(PolicyId).map_err(|_| no_policy())?, true),
        Err(error) => return Err(error.into_problem(|problem| problem)),
    };
    let view = shown(&call, id, Freshness::AtLeast(creation.revision)).await?;
    Ok(created::respond(&format!("/v1/realms/{realm}/scope-policies/{id}"), replayed, view))
}
