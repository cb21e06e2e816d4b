//! `PUT …/users/{user}/password`: sets a password. Their sessions, refresh families and tokens are dead at every
//! replica once this has answered.

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use woad_http::{Problem, Unavailable};
use woad_identity::password::{self, PasswordFault, PasswordHash, check_policy};
use woad_identity::realm;
use zeroize::Zeroizing;

use super::{change, no_user, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done, no_realm};
use crate::outcome::refused;

/// A password in a body. Has no `Debug`.
pub(super) struct Plain(pub(super) Zeroizing<String>);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    password: Plain,
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
    let Wanted { password: Plain(password) } = call.json()?;
    let allowed = read(&call, |view, realm, user| {
        let realm = realm::get(view, realm)?;
        Ok(realm.map(|realm| check_policy(&realm.row, &user.row, &password)))
    });
    allowed.await?.ok_or_else(no_realm)?.map_err(fault)?;
    let hash = hash(&call, password).await?;
    let set = change(&call, |tx, realm, id| {
        Ok(refused(password::set(tx, &realm.key, id, &hash, &call.actor)?, |_| no_user()))
    });
    set.await?;
    Ok(done())
}
