//! `GET /v1/realms/{realm}/groups/{group}`.

use super::{GroupView, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    read(&call, |view, _, group| GroupView::of(view, &group)).await.map(ok)
}
