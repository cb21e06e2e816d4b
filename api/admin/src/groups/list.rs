//! `GET /v1/realms/{realm}/groups?count=&after=`: a page of groups by id.

use http::StatusCode;
use raft_store_core::Freshness;
use serde::Serialize;
use woad_http::Problem;
use woad_identity::{GroupId, group};

use super::GroupView;
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

/// Groups of one page: each may be some KiB.
const MAX_PAGE: usize = 500;

#[derive(Serialize)]
struct Page {
    groups: Vec<GroupView>,
    /// What to ask for next, as `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let count = call.page_size(MAX_PAGE)?;
    let bad = |_| Problem::new(StatusCode::BAD_REQUEST, "after: not a group id");
    let after = call.text("after").map(GroupId::parse).transpose().map_err(bad)?;
    let realm = call.realm().await?.key;
    let store = &call.running.services.store;
    let page = store.view(&call.request, Freshness::Linearizable, |view| {
        let found = group::list(view, &realm, after, count)?;
        let next = found.last().filter(|_| found.len() == count).map(|last| last.key.1.to_string());
        let groups = found.iter().map(|group| GroupView::of(view, group)).collect::<Result<_, _>>()?;
        Ok(Page { groups, next })
    });
    Ok(ok(page.await?.answer))
}
