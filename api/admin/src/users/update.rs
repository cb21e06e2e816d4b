//! `PATCH /v1/realms/{realm}/users/{user}`: sets the fields that the body names. With `If-Match`, only if nobody has
//! changed them since.

use http::StatusCode;
use woad_http::Problem;
use woad_identity::user::{self, Provenance, UpdateUserError};

use super::fields::Fields;
use super::{change_and_show, invalid, last_administrator, no_user};
use crate::Admin;
use crate::call::{Answer, ClusterCall, changed_meanwhile};
use crate::outcome::refused;

/// The wire's answer to a refused change of fields.
pub(super) fn problem(error: UpdateUserError) -> Problem {
    let text = error.to_string();
    match error {
        UpdateUserError::NotFound => no_user(),
        UpdateUserError::Changed => changed_meanwhile(text),
        UpdateUserError::NameTaken => Problem::new(StatusCode::CONFLICT, text).of_kind("name-taken"),
        UpdateUserError::EmailTaken => Problem::new(StatusCode::CONFLICT, text).of_kind("email-taken"),
        UpdateUserError::LastAdministrator => last_administrator(),
        UpdateUserError::Invalid(error) => invalid(&error),
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let fields: Fields = call.json()?;
    if let Some(field) = fields.beginning_alone() {
        let detail = format!("{field} can't be changed here: it has an operation of its own, or is for ever");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let (patch, _) = fields.split();
    let if_revision = call.if_match()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        let updated = user::update(tx, realm, id, &patch, if_revision, Provenance::Administrator, &call.actor)?;
        Ok(refused(updated, problem))
    });
    changed.await
}
