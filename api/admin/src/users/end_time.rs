//! `PUT …/users/{user}/end-time` and `DELETE …/end-time`: when an account ends.

use http::StatusCode;
use serde::Deserialize;
use woad_http::Problem;
use woad_identity::user;

use super::{change_and_show, of_status};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

/// In a record zero is "never", in a body it could be meant as either.
pub(super) const NOT_ZERO: &str = "end_time_ms must be above zero; without an end time the account never ends";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    end_time_ms: u64,
}

pub(crate) async fn set(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json()?;
    if wanted.end_time_ms == 0 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, NOT_ZERO));
    }
    change(&call, Some(wanted.end_time_ms)).await
}

pub(crate) async fn clear(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    change(&call, None).await
}

async fn change(call: &ClusterCall, end_ms: Option<u64>) -> Answer {
    let changed = change_and_show(call, |tx, realm, id| {
        Ok(refused(user::set_end_time(tx, &realm.key, id, end_ms, &call.actor)?, of_status))
    });
    changed.await
}
