//! `GET /login`.

use axum::response::Response;
use raft_store_core::Freshness;
use woad_http::Services;
use woad_http::page::{PageCall, PageFault};

use super::{Said, draw};
use crate::error::PageError;
use crate::page;
use crate::pending::Pending;
use crate::visit::Visit;

/// Somebody who is signed in already, and whom no application sent, goes to their account.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let mut visit = Visit::new(services, call);
    let pending = match visit.call.query.get("continue") {
        Some(text) => {
            let found = visit.view(Freshness::Local, |view| Pending::open(view, &visit.call.realm, text)).await?;
            Some(found.ok_or_else(|| visit.fail(PageFault::Stale))?)
        }
        None => None,
    };
    let done = visit.call.query.get("done").map(str::to_owned);
    if pending.is_none() && done.is_none() {
        let session = visit.view(Freshness::Local, |view| visit.session(view)).await?;
        if session.is_some() {
            return Ok(page::see_other("/account"));
        }
    }
    if let Some(pending) = &pending {
        visit.speak(pending.request.ui_locales());
    }
    let notice = match done.as_deref() {
        Some("logout") => Some("login-signed-out"),
        Some("password") => Some("login-password-set"),
        _ => None,
    };
    let said = Said {
        notice: notice.map(|key| visit.lang.text(key)),
        username: pending.as_ref().and_then(|pending| pending.request.login_hint()).unwrap_or_default().to_owned(),
        ..Said::default()
    };
    draw(&visit, pending, said).await
}
