//! `GET /v1/realms/{realm}/users/{user}`. Never shows a password.

use super::{UserView, read};
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    read(&call, |view, _, user| UserView::with_groups(view, &user)).await.map(ok)
}
