//! Placeholder.
use axum::response::Response;
use crate::discovery::DocumentCall;
use woad_http::Services;
pub(crate) async fn handle(_: Services, _: DocumentCall) -> Response { unimplemented!() }
