//! `POST …/users/{user}/suspend` and `…/restore`. A suspended person's sessions and tokens are dead at every replica
//! once this has answered; restoring revives none.

use woad_identity::user;

use super::{change_and_show, of_status};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

pub(crate) async fn suspend(_: Admin, call: ClusterCall) -> Answer {
    set(&call, false).await
}

pub(crate) async fn restore(_: Admin, call: ClusterCall) -> Answer {
    set(&call, true).await
}

async fn set(call: &ClusterCall, active: bool) -> Answer {
    call.without_body()?;
    let changed = change_and_show(call, |tx, realm, id| {
        Ok(refused(user::set_status(tx, &realm.key, id, active, &call.actor)?, of_status))
    });
    changed.await
}
