//! `POST …/clients/{client}/rotate-secret`: a new secret, shown once. The old one ceases to work at once.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use woad_http::Problem;
use woad_identity::client::{self, ClientSecret, NoSecretUsed, NoSuchClientOr, SecretEnds};

use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, ok};
use crate::outcome::refused;

/// The body, if any.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    /// Whether the tokens issued so far end as well: when the secret has leaked.
    end_tokens: bool,
}

fn problem(error: NoSuchClientOr<NoSecretUsed>) -> Problem {
    match error {
        NoSuchClientOr::NoSuchClient => no_client(),
        NoSuchClientOr::Other(NoSecretUsed) => {
            Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind("no-secret-used")
        }
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json_or_default()?;
    let (realm, id) = (call.realm_id()?, call.client_id()?);
    let ends = if wanted.end_tokens { SecretEnds::SecretAndTokens } else { SecretEnds::Secret };
    let secret = ClientSecret::from_random(&call.random()?);
    let store = &call.running.services.store;
    let rotated = store.transact(&call.request, |tx| {
        Ok(refused(client::rotate_secret(tx, &realm, &id, &secret, ends, &call.actor)?, problem))
    });
    rotated.await?.answer?;
    Ok(ok(json!({ "client_id": id.as_str(), "client_secret": secret.reveal() })))
}
