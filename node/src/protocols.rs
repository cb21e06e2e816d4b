//! What the https listeners serve: every protocol's router, merged.

use std::sync::Arc;

use axum::Router;
use woad_http::{Services, Shape, edge};
use woad_pages::Pages;

/// All protocols over one set of services. Error pages look like the others, whichever protocol shows them.
pub fn https(services: Services) -> Router {
    let services = services.with_pages(Arc::new(Pages));
    let metrics = services.metrics.clone();
    let router = woad_oauth::routes().into_router(services.clone()).merge(woad_pages::routes().into_router(services));
    edge::wrap(router, Shape::OAuth, metrics)
}
