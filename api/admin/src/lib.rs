//! What `woadctl` speaks to, on the operations listener: JSON in, JSON or RFC 9457 problems out.
//!
//! Callers are operators of the cluster: whoever may open the operations socket, or holds the operator token.
//! Creates take an `Idempotency-Key`: sent again with the same body within a day, the request is answered with what
//! was made the first time, except for a client's secret or an administrator's link, which are shown once and never again.

mod administrators;
mod audit;
mod call;
mod clients;
mod cluster;
mod created;
mod explain;
mod groups;
#[cfg(test)]
mod groups_test;
#[cfg(test)]
mod identities_test;
mod keys;
mod lifecycle;
#[cfg(test)]
mod operations_test;
mod operator;
mod outcome;
#[cfg(test)]
mod people_test;
mod policies;
mod realms;
#[cfg(test)]
mod testing;
mod users;

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
    [of_cluster, of_realms, of_clients, of_people, of_groups, of_policies]
        .into_iter()
        .fold(Routes::new(Shape::Problem), |routes, more| more(routes))
}

fn of_cluster(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/cluster/init", cluster::init::handle))
        .with(Route::get("/v1/cluster", cluster::status::handle))
        .with(Route::post("/v1/cluster/custody", cluster::custody::handle))
        .with(Route::post("/v1/cluster/join-tokens", cluster::join_token::handle))
        .with(Route::delete("/v1/cluster/members/{node}", cluster::remove::handle))
        .with(Route::post("/v1/cluster/rotate-key", cluster::rotate::key))
        .with(Route::post("/v1/cluster/rotate-ca", cluster::rotate::authority))
        .with(Route::post("/v1/cluster/finish-rotation", cluster::rotate::finish))
        .with(Route::post("/v1/cluster/transfer", cluster::transfer::handle))
        .with(Route::get("/v1/cluster/agreement", cluster::agreement::show))
        .with(Route::post("/v1/cluster/verify", cluster::agreement::verify))
        .with(Route::get("/v1/cluster/audit", audit::of_cluster))
        .with(Route::put("/v1/cluster/audit/retention", audit::retain_cluster))
        .with(Route::delete("/v1/cluster/audit/{number}", audit::erase_of_cluster))
}

fn of_realms(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/realms", realms::create::handle))
        .with(Route::get("/v1/realms", realms::list::handle))
        .with(Route::get("/v1/realms/{realm}", realms::get::handle))
        .with(Route::patch("/v1/realms/{realm}", realms::update::handle))
        .with(Route::get("/v1/realms/{realm}/keys", keys::handle))
        .with(Route::get("/v1/realms/{realm}/audit", audit::of_realm))
        .with(Route::put("/v1/realms/{realm}/audit/retention", audit::retain_realm))
        .with(Route::delete("/v1/realms/{realm}/audit/{number}", audit::erase_of_realm))
}

fn of_clients(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/realms/{realm}/clients", clients::create::handle))
        .with(Route::get("/v1/realms/{realm}/clients", clients::list::handle))
        .with(Route::get("/v1/realms/{realm}/clients/{client}", clients::get::handle))
        .with(Route::patch("/v1/realms/{realm}/clients/{client}", clients::update::handle))
        .with(Route::delete("/v1/realms/{realm}/clients/{client}", clients::delete::handle))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/enable", clients::set_active::enable))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/disable", clients::set_active::disable))
        .with(Route::post("/v1/realms/{realm}/clients/{client}/rotate-secret", clients::rotate_secret::handle))
}

fn of_people(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/realms/{realm}/administrators", administrators::handle))
        .with(Route::post("/v1/realms/{realm}/users", users::create::handle))
        .with(Route::get("/v1/realms/{realm}/users", users::list::handle))
        .with(Route::get("/v1/realms/{realm}/users/{user}", users::get::handle))
        .with(Route::patch("/v1/realms/{realm}/users/{user}", users::update::handle))
        .with(Route::delete("/v1/realms/{realm}/users/{user}", users::delete::handle))
        .with(Route::post("/v1/realms/{realm}/users/{user}/suspend", users::set_status::suspend))
        .with(Route::post("/v1/realms/{realm}/users/{user}/restore", users::set_status::restore))
        .with(Route::put("/v1/realms/{realm}/users/{user}/end-time", users::end_time::set))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/end-time", users::end_time::clear))
        .with(Route::put("/v1/realms/{realm}/users/{user}/authorities/{authority}", users::authority::grant))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/authorities/{authority}", users::authority::withdraw))
        .with(Route::put("/v1/realms/{realm}/users/{user}/attributes/{name}", users::attribute::set))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/attributes/{name}", users::attribute::remove))
        .with(Route::put("/v1/realms/{realm}/users/{user}/labels/{label}", users::attribute::set_label))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/labels/{label}", users::attribute::remove_label))
        .with(Route::post("/v1/realms/{realm}/users/{user}/certificates", users::identity::add_certificate))
        .with(Route::post("/v1/realms/{realm}/users/{user}/certificates/remove", users::identity::remove_certificate))
        .with(Route::post("/v1/realms/{realm}/users/{user}/ssh-keys", users::identity::add_ssh_key))
        .with(Route::post("/v1/realms/{realm}/users/{user}/ssh-keys/remove", users::identity::remove_ssh_key))
        .with(Route::post("/v1/realms/{realm}/users/{user}/linked", users::identity::link))
        .with(Route::post("/v1/realms/{realm}/users/{user}/linked/remove", users::identity::unlink))
        .with(Route::put("/v1/realms/{realm}/users/{user}/password", users::password::handle))
        .with(Route::post("/v1/realms/{realm}/users/{user}/set-password-link", users::link::handle))
        .with(Route::get("/v1/realms/{realm}/users/{user}/sessions", users::sessions::list))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/sessions", users::sessions::end_all))
        .with(Route::delete("/v1/realms/{realm}/users/{user}/sessions/{session}", users::sessions::end))
}

fn of_groups(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/realms/{realm}/groups", groups::create::handle))
        .with(Route::get("/v1/realms/{realm}/groups", groups::list::handle))
        .with(Route::get("/v1/realms/{realm}/groups/{group}", groups::get::handle))
        .with(Route::patch("/v1/realms/{realm}/groups/{group}", groups::update::handle))
        .with(Route::delete("/v1/realms/{realm}/groups/{group}", groups::delete::handle))
        .with(Route::put("/v1/realms/{realm}/groups/{group}/parent", groups::parent::set))
        .with(Route::delete("/v1/realms/{realm}/groups/{group}/parent", groups::parent::clear))
        .with(Route::get("/v1/realms/{realm}/groups/{group}/members", groups::members::list))
        .with(Route::put("/v1/realms/{realm}/groups/{group}/members/{user}", groups::members::add))
        .with(Route::delete("/v1/realms/{realm}/groups/{group}/members/{user}", groups::members::remove))
        .with(Route::get("/v1/realms/{realm}/groups/{group}/managers", groups::managers::list))
        .with(Route::put("/v1/realms/{realm}/groups/{group}/managers/{user}", groups::managers::add))
        .with(Route::delete("/v1/realms/{realm}/groups/{group}/managers/{user}", groups::managers::remove))
}

fn of_policies(routes: Routes<Admin>) -> Routes<Admin> {
    routes
        .with(Route::post("/v1/realms/{realm}/explain-token", explain::handle))
        .with(Route::post("/v1/realms/{realm}/scope-policies", policies::create::handle))
        .with(Route::get("/v1/realms/{realm}/scope-policies", policies::list::handle))
        .with(Route::get("/v1/realms/{realm}/scope-policies/{policy}", policies::get::handle))
        .with(Route::put("/v1/realms/{realm}/scope-policies/{policy}", policies::update::handle))
        .with(Route::delete("/v1/realms/{realm}/scope-policies/{policy}", policies::delete::handle))
}

/// The whole API, with limits, log and metrics around it; unknown paths are answered as well.
pub fn router(admin: Admin, metrics: Metrics) -> Router {
    edge::wrap(routes().into_router(admin), Shape::Problem, metrics)
}
