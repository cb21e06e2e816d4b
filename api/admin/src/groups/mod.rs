//! Groups of a realm. A path names one by id, or by `name:` and the full name.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod managers;
pub(crate) mod members;
pub(crate) mod parent;
pub(crate) mod update;
mod view;

use http::StatusCode;
use raft_store_core::{Abort, Done, Freshness, Outcome, Read, Stored, Tx, View};
use woad_http::Problem;
use woad_identity::group::{self, Groups, InvalidGroup};
use woad_identity::realm;
use woad_identity::{Decided, GroupId, RealmId};

use crate::call::{Answer, ClusterCall, no_realm, ok};
use crate::users::{BY_NAME, snake};

pub(crate) use view::GroupView;

/// How a group is named.
#[derive(Clone, Debug)]
pub(crate) enum GroupRef {
    Id(GroupId),
    Name(String),
}

impl GroupRef {
    /// Reads a name in a path. One that can't be any group's is no group's.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        match text.strip_prefix(BY_NAME) {
            Some(name) => Ok(Self::Name(name.to_owned())),
            None => GroupId::parse(text).map(Self::Id).map_err(|_| no_group()),
        }
    }

    /// Reads a name in a body, where one that is no id is a full name.
    pub(crate) fn lenient(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::Name(text.to_owned()))
    }

    /// The group, if there is one.
    pub(crate) fn find(&self, read: &impl Read, realm: &RealmId) -> Result<Option<Stored<Groups>>, Abort> {
        match self {
            Self::Id(id) => group::get(read, realm, *id),
            Self::Name(name) => group::by_full_name(read, realm, name),
        }
    }
}

/// There is no such group.
pub(crate) fn no_group() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such group").of_kind("no-such-group")
}

fn invalid(error: &InvalidGroup) -> Problem {
    // What SCIM calls a group's display name is the last part of its name here.
    let field = if error.field == "displayName" { "name".to_owned() } else { snake(error.field) };
    Problem::new(StatusCode::BAD_REQUEST, format!("invalid {field}: {}", error.why)).of_kind("invalid-group")
}

/// The tree has no room for a group there, or of that name.
fn out_of_bounds(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-group")
}

/// Changes the group that the path names, or who is in it, in one transaction.
async fn change<T: Send>(
    call: &ClusterCall,
    mut f: impl FnMut(&mut Tx<'_>, &RealmId, GroupId) -> Decided<T, Problem> + Send,
) -> Result<Done<(GroupId, T)>, Problem> {
    let realm = call.realm_id()?;
    let named = GroupRef::parse(call.parameter(1))?;
    let store = &call.running.services.store;
    let done = store.transact(&call.request, |tx| {
        if realm::get(tx, &realm)?.is_none() {
            return Ok(Outcome::Answer(Err(no_realm())));
        }
        let Some(group) = named.find(tx, &realm)? else { return Ok(Outcome::Answer(Err(no_group()))) };
        let id = group.key.1;
        Ok(crate::outcome::answered(f(tx, &realm, id)?, |answer| (id, answer)))
    });
    let Done { answer, revision, age } = done.await?;
    Ok(Done { answer: answer?, revision, age })
}

/// Reads the group that the path names, linearizably.
async fn read<T: Send>(
    call: &ClusterCall,
    f: impl Fn(&View<'_>, &RealmId, Stored<Groups>) -> Result<T, Abort> + Send + Sync,
) -> Result<T, Problem> {
    let realm = call.realm_id()?;
    let named = GroupRef::parse(call.parameter(1))?;
    let store = &call.running.services.store;
    let found = store.view(&call.request, Freshness::Linearizable, |view| {
        if realm::get(view, &realm)?.is_none() {
            return Ok(Err(no_realm()));
        }
        match named.find(view, &realm)? {
            Some(group) => f(view, &realm, group).map(Ok),
            None => Ok(Err(no_group())),
        }
    });
    found.await?.answer
}

/// Shows a group.
async fn shown(call: &ClusterCall, id: GroupId, fresh: Freshness) -> Result<GroupView, Problem> {
    let realm = call.realm_id()?;
    let store = &call.running.services.store;
    let view = store.view(&call.request, fresh, |view| match group::get(view, &realm, id)? {
        Some(group) => GroupView::of(view, &group).map(Some),
        None => Ok(None),
    });
    view.await?.answer.ok_or_else(no_group)
}

/// Changes the group that the path names, and shows it.
async fn change_and_show<T: Send>(
    call: &ClusterCall,
    f: impl FnMut(&mut Tx<'_>, &RealmId, GroupId) -> Decided<T, Problem> + Send,
) -> Answer {
    let done = change(call, f).await?;
    shown(call, done.answer.0, Freshness::AtLeast(done.revision)).await.map(ok)
}
