//! Clients of a realm.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod rotate_secret;
pub(crate) mod set_active;
pub(crate) mod update;

use http::StatusCode;
use raft_store_core::StoreError;
use woad_http::Problem;
use woad_identity::ClientId;
use woad_identity::client::{Client, ClientObject, InvalidClient, object};

fn invalid(error: &InvalidClient) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, error.to_string()).of_kind("invalid-client")
}

/// INDIGO's client object. Never holds a secret.
fn view(id: &ClientId, row: &Client) -> Result<ClientObject, Problem> {
    object(id, row).map_err(|corrupt| {
        tracing::error!(%corrupt, client = %id, "a client's record can't be shown");
        StoreError::Stopped.into()
    })
}
