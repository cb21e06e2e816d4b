//! What the https listeners serve: every protocol's router, merged.

use axum::Router;
use woad_http::{Services, Shape, edge};

/// All protocols over one set of services.
pub fn https(services: Services) -> Router {
    edge::wrap(Router::new(), Shape::OAuth, services.metrics)
}
