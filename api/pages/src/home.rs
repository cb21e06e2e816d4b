//! `GET /`: people who type the address alone want their account.

use axum::response::Response;
use woad_http::Services;
use woad_http::page::PageCall;

use crate::page;

pub(crate) async fn handle(_: Services, _: PageCall) -> Response {
    page::see_other("/account")
}
