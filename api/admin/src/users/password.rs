//! `PUT …/users/{user}/password`: sets a password. Their sessions, refresh families and tokens are dead at every
//! replica once this has answered.

use http::StatusCode;
use serde::Deserialize;
use woad_http::{Problem, Unavailable};
use woad_identity::password::{self, PasswordFault, PasswordHash};
use woad_identity::realm;
use zeroize::Zeroizing;

use super::{change, no_user, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done, no_realm, refused};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    password: Zeroizing<String>,
}

/// The wire's answer to a password that is refused. Never holds it.
pub(super) fn fault(fault: PasswordFault) -> Problem {
    match fault {
        PasswordFault::NotHashed => Problem::new(StatusCode::SERVICE_UNAVAILABLE, fault.to_string()),
        _ => Problem::new(StatusCode::BAD_REQUEST, fault.to_string()).of_kind("password-refused"),
    }
}

/// Hashes a password that is allowed, on the pool.
pub(super) async fn hash(call: &ClusterCall, password: Zeroizing<String>) -> Result<PasswordHash, Problem> {
    let pool = &call.running.services.passwords;
    let hashed = pool.hash(password, call.random()?).await.map_err(|error| Problem::from(Unavailable::from(error)))?;
    hashed.map_err(fault)
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let wanted: Wanted = call.json()?;
    let allowed = read(&call, |view, realm, user| {
        let realm = realm::get(view, realm)?;
        Ok(realm.map(|realm| password::check_policy(&realm.row, &user.row, &wanted.password)))
    });
    allowed.await?.ok_or_else(no_realm)?.map_err(fault)?;
    let hash = hash(&call, wanted.password).await?;
    let set = change(&call, |tx, realm, id| {
        Ok(refused(password::set(tx, &realm.key, id, &hash, &call.actor)?, |_| no_user()))
    });
    set.await?;
    Ok(done())
}
