//! SCIM 2.0 at `/scim/v2`: RFC 7643, RFC 7644, and cursors by RFC 9865.
//!
//! `scim:read` reads and `scim:write` writes; a token of a person reads that person's own record at `/Me` without
//! either. The three documents of RFC 7644 §4 and `/openapi.json` are open to all. `/Bulk` is not offered.
//!
//! An attribute that no schema declares is refused, in a resource as in a path or a filter: nothing is dropped in
//! silence but what is read-only, as RFC 7644 §3.5.1 has it.

mod answer;
mod call;
mod discovery;
mod etag;
mod fault;
mod filter;
#[doc(hidden)]
pub mod fuzz;
mod groups;
mod input;
mod json;
pub mod limits;
mod list;
mod me;
mod once;
mod openapi;
mod patch;
mod path;
mod projection;
mod render;
mod schema;
mod search;
mod users;

#[cfg(test)]
mod cost_test;
#[cfg(test)]
mod http_test;
#[cfg(test)]
mod rights_test;
#[cfg(test)]
mod testing;

use axum::Router;
use woad_http::{Route, Routes, Services, Shape, edge};

/// Every route, with what it requires.
#[must_use]
pub fn routes() -> Routes<Services> {
    Routes::new(Shape::Scim)
        .with(Route::get("/scim/v2/ServiceProviderConfig", discovery::config))
        .with(Route::get("/scim/v2/Schemas", discovery::schemas))
        .with(Route::get("/scim/v2/Schemas/{id}", discovery::schema))
        .with(Route::get("/scim/v2/ResourceTypes", discovery::resource_types))
        .with(Route::get("/scim/v2/ResourceTypes/{id}", discovery::resource_type))
        .with(Route::get("/scim/v2/openapi.json", openapi::handle))
        .with(Route::post("/scim/v2/.search", search::search_all))
        .with(Route::get("/scim/v2/Users", search::users))
        .with(Route::post("/scim/v2/Users", users::create))
        .with(Route::post("/scim/v2/Users/.search", search::search_users))
        .with(Route::get("/scim/v2/Users/{id}", users::read_one))
        .with(Route::put("/scim/v2/Users/{id}", users::replace_one))
        .with(Route::patch("/scim/v2/Users/{id}", users::patch_one))
        .with(Route::delete("/scim/v2/Users/{id}", users::delete_one))
        .with(Route::get("/scim/v2/Groups", search::groups))
        .with(Route::post("/scim/v2/Groups", groups::create))
        .with(Route::post("/scim/v2/Groups/.search", search::search_groups))
        .with(Route::get("/scim/v2/Groups/{id}", groups::read_one))
        .with(Route::put("/scim/v2/Groups/{id}", groups::replace_one))
        .with(Route::patch("/scim/v2/Groups/{id}", groups::patch_one))
        .with(Route::delete("/scim/v2/Groups/{id}", groups::delete_one))
        .with(Route::get("/scim/v2/Me", me::read))
        .with(Route::put("/scim/v2/Me", me::replace))
        .with(Route::patch("/scim/v2/Me", me::patch))
        .with(Route::delete("/scim/v2/Me", me::delete))
}

/// The whole protocol, with limits, log and metrics around it; unknown paths are answered as well.
pub fn router(services: Services) -> Router {
    let metrics = services.metrics.clone();
    edge::wrap(routes().into_router(services), Shape::Scim, metrics)
}
