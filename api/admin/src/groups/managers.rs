//! `GET …/groups/{group}/managers`, `PUT …/managers/{user}` and `DELETE …/managers/{user}`.

use http::StatusCode;
use raft_store_core::{Abort, Freshness, Outcome, Read};
use serde::Serialize;
use serde_json::json;
use woad_http::Problem;
use woad_identity::group::{self, GroupManagers, ManagerError};
use woad_identity::{GroupId, RealmId, user};

use super::{change, no_group, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done, ok};
use crate::outcome::{answered, refused};
use crate::users::{UserRef, no_user};

#[derive(Serialize)]
struct ManagerView {
    user: String,
    user_name: String,
}

fn problem(error: ManagerError) -> Problem {
    let text = error.to_string();
    match error {
        ManagerError::NoSuchGroup => no_group(),
        ManagerError::NoSuchUser => no_user(),
        ManagerError::TooMany => Problem::new(StatusCode::CONFLICT, text).of_kind("too-many-managers"),
    }
}

fn all(read: &impl Read, realm: &RealmId, group: GroupId) -> Result<Vec<ManagerView>, Abort> {
    let mut managers = Vec::new();
    for manager in group::managers(read, realm, group)? {
        let id = manager.key.2;
        if let Some(user) = user::get(read, realm, id)? {
            managers.push(ManagerView { user: id.to_string(), user_name: user.row.user_name });
        }
    }
    Ok(managers)
}

pub(crate) async fn list(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let managers = read(&call, |view, realm, group| all(view, realm, group.key.1)).await?;
    Ok(ok(json!({ "managers": managers })))
}

pub(crate) async fn add(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let named = UserRef::parse(call.parameter(2))?;
    let added = change(&call, |tx, realm, group| {
        let Some(user) = named.find(tx, realm)? else { return Ok(Outcome::Answer(Err(no_user()))) };
        let added = tx.get::<GroupManagers>(&(realm.clone(), group, user.key.1))?.is_none();
        let made = group::add_manager(tx, realm, group, user.key.1, &call.actor)?;
        Ok(answered(refused(made, problem), |()| added))
    });
    let added = added.await?;
    let (group, is_new) = added.answer;
    let realm = call.realm_id()?;
    let store = &call.running.services.store;
    let fresh = Freshness::AtLeast(added.revision);
    let managers = store.view(&call.request, fresh, |view| all(view, &realm, group)).await?.answer;
    Ok(ok(json!({ "managers": managers, "added": is_new })))
}

pub(crate) async fn remove(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let named = UserRef::parse(call.parameter(2))?;
    let removed = change(&call, |tx, realm, group| {
        let Some(user) = named.find(tx, realm)? else { return Ok(Outcome::Answer(Err(no_user()))) };
        Ok(refused(group::remove_manager(tx, realm, group, user.key.1, &call.actor)?, problem))
    });
    removed.await?;
    Ok(done())
}
