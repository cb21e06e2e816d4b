//! `POST /v1/realms/{realm}/groups`: a group below one that is there, or at the top.

use http::StatusCode;
use raft_store_core::{Freshness, Outcome, Tx};
use serde::Deserialize;
use woad_http::{Object, Problem};
use woad_identity::group::{self, CreateGroupError, NewGroup};
use woad_identity::realm;
use woad_identity::{Decided, GroupId, RealmId};

use super::{invalid, no_group, out_of_bounds, shown};
use crate::Admin;
use crate::call::{Answer, ClusterCall, no_realm};
use crate::created::{self, Creation};
use crate::outcome::{answered, refused};
use crate::users::LabelPart;

/// The body. Without `id` one is drawn.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    id: Option<String>,
    /// `a/b/c`; `a/b` must be there.
    full_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    labels: Vec<Object<LabelPart>>,
    #[serde(default)]
    external_id: String,
}

/// The wire's answer. `exists` is said only where the very group is there: under this id, or without an id under this
/// name.
fn problem(error: CreateGroupError, id_given: bool) -> Problem {
    let text = error.to_string();
    let conflict = |kind| Problem::new(StatusCode::CONFLICT, error.to_string()).of_kind(kind);
    match error {
        CreateGroupError::NameTaken if id_given => conflict("name-taken"),
        CreateGroupError::IdInUse | CreateGroupError::NameTaken => conflict("exists"),
        CreateGroupError::NoSuchParent => conflict("no-such-parent"),
        CreateGroupError::TooDeep | CreateGroupError::NameTooLong => out_of_bounds(text),
        CreateGroupError::Invalid(error) => invalid(&error),
    }
}

/// Makes the group below the one that its full name begins with.
fn make(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    (parent, id_given): (Option<&str>, bool),
    new: &NewGroup,
    call: &ClusterCall,
) -> Decided<(), Problem> {
    if realm::get(tx, realm)?.is_none() {
        return Ok(Outcome::Answer(Err(no_realm())));
    }
    let parent = match parent {
        None => None,
        Some(name) => match group::by_full_name(tx, realm, name)? {
            Some(parent) => Some(parent.key.1),
            None => return Ok(Outcome::Answer(Err(problem(CreateGroupError::NoSuchParent, id_given)))),
        },
    };
    let made = group::create(tx, realm, &NewGroup { parent, ..new.clone() }, &call.actor)?;
    Ok(answered(refused(made, |error| problem(error, id_given)), |_| ()))
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let realm = call.realm_id()?;
    let wanted: Wanted = call.json()?;
    let bad_id = |_| Problem::new(StatusCode::BAD_REQUEST, "id: a UUID").of_kind("invalid-group");
    let id = match &wanted.id {
        Some(text) => GroupId::parse(text).map_err(bad_id)?,
        None => GroupId::from_random(call.random()?),
    };
    let id_given = wanted.id.is_some();
    let (parent, leaf) = match wanted.full_name.rsplit_once('/') {
        Some((parent, leaf)) => (Some(parent), leaf),
        None => (None, wanted.full_name.as_str()),
    };
    let new = NewGroup {
        id,
        name: leaf.to_owned(),
        parent: None,
        description: wanted.description,
        labels: wanted.labels.into_iter().map(|Object(label)| label.into()).collect(),
        external_id: wanted.external_id,
    };
    let key = created::key(&call, realm.as_str())?;
    let store = &call.running.services.store;
    let creation = store.transact(&call.request, |tx| {
        created::once(tx, key.as_ref(), &id.to_string(), |tx| make(tx, &realm, (parent, id_given), &new, &call))
    });
    let creation = creation.await?;
    let (id, replayed) = match creation.answer {
        Ok(Creation::Made(())) => (id, false),
        Ok(Creation::Before(id)) => (GroupId::parse(&id).map_err(|_| no_group())?, true),
        Err(error) => return Err(error.into_problem(|problem| problem)),
    };
    let view = shown(&call, id, Freshness::AtLeast(creation.revision)).await?;
    Ok(created::respond(&format!("/v1/realms/{realm}/groups/{id}"), replayed, view))
}
