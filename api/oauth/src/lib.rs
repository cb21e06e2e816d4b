//! OAuth 2.0 and OpenID Connect provider: discovery, keys, authorization, token, userinfo, introspection, revocation.

mod authorize;
mod cached;
mod client;
mod discovery;
mod introspect;
mod jwk;
mod revoke;
mod token;
mod userinfo;

#[cfg(test)]
mod allocation_test;
#[cfg(test)]
mod cost_test;
#[cfg(test)]
mod errors_test;
#[cfg(test)]
mod flow_test;
#[cfg(test)]
mod isolation_test;
#[cfg(test)]
mod people_test;
#[cfg(test)]
mod people_testing;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod unavailable_test;

use axum::Router;
use woad_http::{Route, Routes, Services, Shape, edge};

/// Every route, with what it requires.
#[must_use]
pub fn routes() -> Routes<Services> {
    Routes::new(Shape::OAuth)
        .with(Route::get("/.well-known/openid-configuration", discovery::handle).with_cors())
        .with(Route::get("/.well-known/oauth-authorization-server", discovery::handle).with_cors())
        .with(Route::get("/jwk", jwk::handle).with_cors())
        // Never open to scripts of other origins: a cookie counts here.
        .with(Route::get("/authorize", authorize::show))
        .with(Route::post("/authorize", authorize::submit))
        .with(Route::get("/userinfo", userinfo::handle).with_cors())
        .with(Route::post("/userinfo", userinfo::handle).with_cors())
        .with(Route::post("/token", token::handle).with_cors())
        .with(Route::post("/introspect", introspect::handle).with_cors())
        .with(Route::post("/revoke", revoke::handle).with_cors())
}

/// The whole provider, with limits, log and metrics around it; unknown paths are answered as well.
pub fn router(services: Services) -> Router {
    let metrics = services.metrics.clone();
    edge::wrap(routes().into_router(services), Shape::OAuth, metrics)
}
