//! `GET /v1/realms/{realm}/users?count=&after=`: a page of people by id. With `name` or `email`: those who have it.

use http::StatusCode;
use raft_store_core::Freshness;
use serde::Serialize;
use woad_http::Problem;
use woad_identity::{UserId, user};

use super::UserView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

/// People of one page: each may be some ten KiB.
const MAX_PAGE: usize = 500;

#[derive(Serialize)]
struct Page {
    users: Vec<UserView>,
    /// What to ask for next, as `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let count = call.page_size(MAX_PAGE)?;
    let bad = |_| Problem::new(StatusCode::BAD_REQUEST, "after: not a user id");
    let after = call.text("after").map(UserId::parse).transpose().map_err(bad)?;
    let realm = call.realm().await?.key;
    let (name, email) = (call.text("name"), call.text("email"));
    let store = &call.running.services.store;
    let found = store.view(&call.request, Freshness::Linearizable, |view| {
        let (found, whole) = match (name, email) {
            (Some(name), None) => (user::by_name(view, &realm, name)?.into_iter().collect(), true),
            (None, Some(email)) => (user::by_email(view, &realm, email)?, true),
            (None, None) => (user::list(view, &realm, after, count)?, false),
            (Some(_), Some(_)) => return Ok(None),
        };
        let next = found.last().filter(|_| !whole && found.len() == count).map(|last| last.key.1.to_string());
        let users = found.iter().map(UserView::of).collect::<Result<_, _>>()?;
        Ok(Some(Page { users, next }))
    });
    let both = || Problem::new(StatusCode::BAD_REQUEST, "Only one of name and email");
    found.await?.answer.map(ok).ok_or_else(both)
}
