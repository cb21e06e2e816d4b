//! `GET /v1/realms/{realm}/scope-policies/{policy}`.

use raft_store_core::Freshness;
use woad_http::Problem;
use woad_identity::policy::{self, PolicyId};

use super::{PolicyView, no_policy, policy_id};
use crate::Admin;
use crate::call::{Answer, ClusterCall, ok};

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    call.realm().await?;
    shown(&call, policy_id(&call)?, Freshness::Linearizable).await.map(ok)
}

/// Shows a policy.
pub(super) async fn shown(call: &ClusterCall, id: PolicyId, fresh: Freshness) -> Result<PolicyView, Problem> {
    let realm = call.realm_id()?;
    let store = &call.running.services.store;
    let found = store
        .view(&call.request, fresh, |view| policy::get(view, &realm, id)?.as_ref().map(PolicyView::of).transpose());
    found.await?.answer.ok_or_else(no_policy)
}
