//! `DELETE /v1/realms/{realm}/users/{user}`. They are absent at every replica once this has answered; a job removes
//! what hangs on them.

use woad_identity::user::{self, DeleteUserError};

use super::{change, last_administrator, no_user};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done};
use crate::outcome::refused;

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let gone = change(&call, |tx, realm, id| {
        let deleted = user::delete(tx, &realm.key, id, &call.actor)?;
        Ok(refused(deleted, |error| match error {
            DeleteUserError::NotFound => no_user(),
            DeleteUserError::LastAdministrator => last_administrator(),
        }))
    });
    gone.await?;
    Ok(done())
}
