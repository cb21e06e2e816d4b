//! `DELETE /v1/realms/{realm}/groups/{group}`: only one without members and subgroups.

use http::StatusCode;
use woad_http::Problem;
use woad_identity::group::{self, DeleteGroupError};

use super::{change, no_group};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done};
use crate::outcome::refused;

fn problem(error: DeleteGroupError) -> Problem {
    match error {
        DeleteGroupError::NotFound => no_group(),
        DeleteGroupError::NotEmpty => Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind("not-empty"),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    change(&call, |tx, realm, id| Ok(refused(group::delete(tx, realm, id, &call.actor)?, problem))).await?;
    Ok(done())
}
