//! What the https listeners serve: every protocol's router, merged.

use axum::Router;
use woad_http::Services;

/// All protocols over one set of services.
pub fn https(services: Services) -> Router {
    woad_oauth::router(services)
}
