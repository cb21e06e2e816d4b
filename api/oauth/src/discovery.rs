//! `GET /.well-known/openid-configuration` and its twin of RFC 8414.

use axum::response::Response;
use woad_http::{PublicCall, Services};
use woad_identity::discovery::document;

use crate::cached;

/// How long relying parties may keep the document: as long as INDIGO IAM keeps it itself.
const MAX_AGE_SECONDS: u32 = 300;

/// From this replica's state: goes on without a quorum.
pub(crate) async fn handle(_: Services, call: PublicCall) -> Response {
    cached::respond(&call.parts.headers, document(&call.realm.row).to_string(), MAX_AGE_SECONDS)
}
