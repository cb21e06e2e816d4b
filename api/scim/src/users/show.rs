//! A record as it is after a request.

use raft_store_core::{Freshness, Revision, View};
use woad_http::{ScimType, Services};
use woad_identity::{UserId, user};

use crate::call::Call;
use crate::fault::Fault;
use crate::projection::Projection;
use crate::render::{Needs, Renderer, Shown};
use crate::schema::USERS;

/// The attributes that the request wants to see.
pub(super) fn projection(call: &Call) -> Result<Projection, Fault> {
    Ok(Projection::resolve(&call.names(), &USERS, &[])?)
}

/// The user at a state that is no older than `at`; `None`: as things are now, on every replica.
pub(super) async fn show(
    services: &Services,
    call: &Call,
    id: UserId,
    projection: &Projection,
    at: Option<Revision>,
) -> Result<Option<Shown>, Fault> {
    let fresh = at.map_or(Freshness::Linearizable, Freshness::AtLeast);
    let render = |view: &View<'_>| {
        let Some(stored) = user::get(view, &call.realm, id)? else { return Ok(Ok(None)) };
        let renderer = Renderer::new(view, &call.realm, &call.base, Needs::of(projection));
        Ok(renderer.user(&stored)?.map(Some))
    };
    let shown = services.store.view(&call.request(), fresh, render).await?.answer;
    let mut shown = shown.map_err(|error| Fault::bad(ScimType::TooMany, error.to_string()))?;
    if let Some(shown) = &mut shown {
        projection.apply(&USERS, &mut shown.body);
    }
    Ok(shown)
}
