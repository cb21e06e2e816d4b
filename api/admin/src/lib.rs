//! What `woadctl` speaks to, on the operations listener: JSON in, JSON or RFC 9457 problems out.
//!
//! Callers are operators of the cluster: whoever may open the operations socket, or holds the operator token.
//! Creates take an `Idempotency-Key`: sent again with the same body within a day, the request is answered with what
//! was made the first time, except for a client's secret, which is shown once and never again.

mod audit;
mod call;
mod clients;
mod cluster;
mod created;
mod keys;
mod lifecycle;
#[cfg(test)]
mod operations_test;
mod operator;
mod realms;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use axum::Router;
use woad_http::{Metrics, Route, Routes, Shape, edge};

pub use lifecycle::{InitError, Lifecycle, Running};
pub use operator::{OperatorToken, TokenTooShort};

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    /// The node's life: whether there is a cluster here, and how to make one.
    pub lifecycle: Arc<dyn Lifecycle>,
    /// Who may call from elsewhere than the operations socket; `None`: nobody.
    pub token: Option<OperatorToken>,
}

/// Every route, with what it requires: an operator.
#[must_use]
pub fn routes() -> Routes<Admin> {
    Routes::new(Shape::Problem)
        .with(Route::post("/v1/cluster/init", cluster::init::handle))
        .with(Route::get("/v1/cluster", cluster::status::handle))
        .with(Route::post("/v1/cluster/custody", cluster::custody::handle))
        .with(Route::post("/v1/cluster/join-tokens", cluster::join_token::handle))
        .with(Route::delete("/v1/cluster/members/{node}", cluster::remove::handle))
        .with(Route::post("/v1/cluster/transfer", cluster::transfer::handle))
        .with(Route::get("/v1/cluster/audit", audit::of_cluster))
        .with(Route::post("/v1/realms", realms::create::handle))
        .with(Route::get("/v1/realms", realms::list::handle))
        .with(Route::get("/v1/realms/{realm}", realms::get::handle))
        .with(Route::get("/v1/realms/{realm}/keys", keys::handle))
        .with(Route::get("/v1/realms/{realm}/audit", audit::of_realm))
        .with(Route::post("/v1/realms/{realm}/clients", clients::create::handle))
        .with(Route::get("/v1/realms/{realm}/clients", clients::list::handle))
        .with(Route::get("/v1/realms/{realm}/clients/{client}", clients::get::handle))
        .with(Route::patch("/v1/realms/{realm}/clients/{client}", clients::update::handle))
        .with(Route::delete("/v1/realms/{realm}/clients/{client}", clients::delete::handle))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/enable", clients::set_active::enable))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/disable", clients::set_active::disable))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/rotate-secret", clients::rotate_secret::handle))
}

/// The whole API, with limits, log and metrics around it; unknown paths are answered as well.
pub fn router(admin: Admin, metrics: Metrics) -> Router {
    edge::wrap(routes().into_router(admin), Shape::Problem, metrics)
}
