//! What the https listeners serve: every protocol's router, merged.

use std::sync::Arc;

use axum::Router;
use woad_http::{Answers, Services, Shape, edge};
use woad_pages::Pages;

/// All protocols over one set of services. Error pages look like the others, whichever protocol shows them.
pub fn https(services: Services) -> Router {
    let pages = Arc::new(Pages);
    let services = services.with_pages(pages.clone());
    let metrics = services.metrics.clone();
    let router = woad_oauth::routes()
        .into_router(services.clone())
        .merge(woad_pages::routes().into_router(services.clone()))
        .merge(woad_scim::routes().into_router(services));
    edge::wrap(router, Answers::from(Shape::OAuth).under("/scim", Shape::Scim).with_pages(pages), metrics)
}
