//! `GET …/groups/{group}/members?count=&after=`, `PUT …/members/{user}` and `DELETE …/members/{user}`.

use http::StatusCode;
use raft_store_core::{Outcome, Read, Stored};
use serde::{Deserialize, Serialize};
use woad_http::Problem;
use woad_identity::group::{self, MemberError, Memberships, Span};
use woad_identity::user::{self, Provenance};
use woad_identity::{GroupId, RealmId, UserId};

use super::{change, no_group, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, done, ok};
use crate::outcome::{answered, refused};
use crate::users::{UserRef, no_user};

/// Members of one page.
const MAX_PAGE: usize = 1000;

#[derive(Serialize)]
struct MemberView {
    user: String,
    user_name: String,
    created_ms: u64,
    /// Absent: from its making.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_ms: Option<u64>,
    /// Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_ms: Option<u64>,
}

#[derive(Serialize)]
struct Page {
    members: Vec<MemberView>,
    /// What to ask for next, as `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct AddedView {
    group: String,
    #[serde(flatten)]
    member: MemberView,
    /// Whether they were not in it before.
    added: bool,
}

/// The body, if any. Without one a new membership counts at once and for ever, and one that is there stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    starts_ms: u64,
    #[serde(default)]
    ends_ms: u64,
}

/// The wire's answer to somebody who can't be in a group.
pub(super) fn problem(error: MemberError) -> Problem {
    let text = error.to_string();
    match error {
        MemberError::NoSuchGroup => no_group(),
        MemberError::NoSuchUser => no_user(),
        MemberError::TooMany => Problem::new(StatusCode::CONFLICT, text).of_kind("too-many-groups"),
        MemberError::Span => Problem::new(StatusCode::BAD_REQUEST, text).of_kind("invalid-membership"),
    }
}

fn view(stored: &Stored<Memberships>, user_name: String) -> MemberView {
    let moment = |ms: u64| (ms != 0).then_some(ms);
    MemberView {
        user: stored.key.1.to_string(),
        user_name,
        created_ms: stored.row.created_ms,
        starts_ms: moment(stored.row.starts_ms),
        ends_ms: moment(stored.row.ends_ms),
    }
}

pub(crate) async fn list(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let count = call.page_size(MAX_PAGE)?;
    let bad = |_| Problem::new(StatusCode::BAD_REQUEST, "after: not a user id");
    let after = call.text("after").map(UserId::parse).transpose().map_err(bad)?;
    let page = read(&call, |reading, realm, group| {
        let found = group::members(reading, realm, group.key.1, after, count)?;
        let next = found.last().filter(|_| found.len() == count).map(|last| last.key.1.to_string());
        let mut members = Vec::with_capacity(found.len());
        for member in &found {
            let name = user::get(reading, realm, member.key.1)?.map(|user| user.row.user_name);
            members.push(view(member, name.unwrap_or_default()));
        }
        Ok(Page { members, next })
    });
    page.await.map(ok)
}

pub(crate) async fn add(_: Admin, call: ClusterCall) -> Answer {
    let span = if call.body.is_empty() {
        None
    } else {
        let Wanted { starts_ms, ends_ms } = call.json()?;
        Some(Span { starts_ms, ends_ms })
    };
    let named = UserRef::parse(call.parameter(2))?;
    let added = change(&call, |tx, realm: &RealmId, group: GroupId| {
        let Some(user) = named.find(tx, realm)? else { return Ok(Outcome::Answer(Err(no_user()))) };
        let id = user.key.1;
        let added = tx.get::<Memberships>(&(realm.clone(), id, group))?.is_none();
        let made = group::add_member(tx, realm, id, group, span, Provenance::Administrator, &call.actor)?;
        Ok(answered(refused(made, problem), |stored| (view(&stored, user.row.user_name), added)))
    });
    let (group, (member, added)) = added.await?.answer;
    Ok(ok(AddedView { group: group.to_string(), member, added }))
}

pub(crate) async fn remove(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let named = UserRef::parse(call.parameter(2))?;
    let removed = change(&call, |tx, realm, group| {
        let Some(user) = named.find(tx, realm)? else { return Ok(Outcome::Answer(Err(no_user()))) };
        Ok(refused(group::remove_member(tx, realm, user.key.1, group, &call.actor)?, problem))
    });
    removed.await?;
    Ok(done())
}
