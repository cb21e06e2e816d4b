//! `POST /v1/realms/{realm}/clients`: a client and, where its method rests on one, its secret, shown once.

use http::StatusCode;
use raft_store_core::{Freshness, Outcome};
use serde::{Deserialize, Serialize};
use uuid::Builder;
use woad_http::{Object, Problem};
use woad_identity::ClientId;
use woad_identity::client::{self, ClientObject, ClientPatch, ClientSecret, CreateClientError, NewClient};
use woad_identity::realm;

use super::{invalid, view};
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, no_realm};
use crate::created::{self, Creation};
use crate::outcome::refused;

/// The body. Without `client_id` a UUID is drawn.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    client_id: Option<String>,
    #[serde(default)]
    client: Object<ClientPatch>,
}

/// The answer.
#[derive(Serialize)]
struct CreatedView {
    client: ClientObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// Why there is no secret, when the request was answered before.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Refused {
    NoRealm,
    Client(CreateClientError),
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::NoRealm => no_realm(),
        Refused::Client(CreateClientError::Invalid(error)) => invalid(&error),
        Refused::Client(error @ (CreateClientError::Exists | CreateClientError::IdOfUser)) => {
            Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind("exists")
        }
    }
}

fn id_of(call: &ClusterCall, wanted: Option<&str>) -> Result<ClientId, Problem> {
    let fault = |_| Problem::new(StatusCode::BAD_REQUEST, "client_id: visible ASCII, at most 256 characters");
    match wanted {
        Some(text) => ClientId::parse(text).map_err(fault),
        None => ClientId::parse(&Builder::from_random_bytes(call.random()?).into_uuid().to_string()).map_err(fault),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm_id = call.realm_id()?;
    let wanted: Wanted = call.json()?;
    let id = id_of(&call, wanted.client_id.as_deref())?;
    let new = NewClient { id: id.clone(), fields: wanted.client.0, dynamically_registered: false };
    let key = created::key(&call, realm_id.as_str())?;
    let secret = ClientSecret::from_random(&call.random()?);
    let store = &call.running.services.store;
    let creation = store.transact(&call.request, |tx| {
        created::once(tx, key.as_ref(), id.as_str(), |tx| {
            let Some(realm) = realm::get(tx, &realm_id)? else { return Ok(Outcome::Answer(Err(Refused::NoRealm))) };
            Ok(refused(client::create(tx, &realm, &new, &secret, &call.actor)?, Refused::Client))
        })
    });
    let creation = creation.await?;
    let at = |id: &ClientId| format!("/v1/realms/{realm_id}/clients/{}", created::segment(id.as_str()));
    match creation.answer {
        Ok(Creation::Made(made)) => {
            let client_secret = made.with_secret.then(|| secret.reveal().to_owned());
            let body = CreatedView { client: view(&id, &made.client)?, client_secret, note: None };
            Ok(created::respond(&at(&id), false, body))
        }
        Ok(Creation::Before(id)) => {
            let id = ClientId::parse(&id).map_err(|_| no_client())?;
            let fresh = Freshness::AtLeast(creation.revision);
            let found = store.view(&call.request, fresh, |view| client::get(view, &realm_id, &id)).await?;
            let client = view(&id, &found.answer.ok_or_else(no_client)?.row)?;
            let note = Some("made by an earlier request; its secret was shown then: rotate it if it was lost");
            Ok(created::respond(&at(&id), true, CreatedView { client, client_secret: None, note }))
        }
        Err(error) => Err(error.into_problem(problem)),
    }
}
