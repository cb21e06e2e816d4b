//! `PUT …/users/{user}/authorities/{authority}` and `DELETE`: who administers a realm, who reads it.

use http::StatusCode;
use woad_http::Problem;
use woad_identity::user::{self, Authority};

use super::{change_and_show, of_status};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

fn authority(call: &ClusterCall) -> Result<Authority, Problem> {
    match call.parameter(2) {
        "administrator" => Ok(Authority::Administrator),
        "reader" => Ok(Authority::Reader),
        _ => {
            let detail = "Authorities are administrator and reader";
            Err(Problem::new(StatusCode::NOT_FOUND, detail).of_kind("no-such-authority"))
        }
    }
}

pub(crate) async fn grant(_: Admin, call: ClusterCall) -> Answer {
    set(&call, true).await
}

pub(crate) async fn withdraw(_: Admin, call: ClusterCall) -> Answer {
    set(&call, false).await
}

async fn set(call: &ClusterCall, granted: bool) -> Answer {
    call.without_body()?;
    let authority = authority(call)?;
    let changed = change_and_show(call, |tx, realm, id| {
        Ok(refused(user::set_authority(tx, &realm.key, id, authority, granted, &call.actor)?, of_status))
    });
    changed.await
}
