//! `/login`: name and password on one page.

mod attempt;
mod show;
mod submit;

pub(crate) use attempt::{begin, note, verify};
pub(crate) use show::show;
pub(crate) use submit::submit;

use askama::Template;
use askama::filters::Safe;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use raft_store_core::Freshness;

use crate::error::PageError;
use crate::faults::Faults;
use crate::html::around;
use crate::page;
use crate::pending::Pending;
use crate::shell::Shell;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginTemplate {
    shell: Shell,
    client: Option<Safe<String>>,
    notice: Option<String>,
    refusal: Option<String>,
    faults: Faults,
    csrf: String,
    continuation: Option<String>,
    username: String,
}

/// What the page says beside its form.
#[derive(Default)]
struct Said {
    status: StatusCode,
    notice: Option<String>,
    refusal: Option<String>,
    faults: Faults,
    username: String,
}

async fn draw(visit: &Visit, pending: Option<Pending>, said: Said) -> Result<Response, PageError> {
    let binding = visit.bind().await?;
    let shell = visit.view(Freshness::Local, |view| visit.shell(view)).await?;
    let target = pending.as_ref().and_then(|pending| pending.redirect_uri.clone());
    let client = pending.as_ref().and_then(|pending| pending.client_name.as_deref());
    let template = LoginTemplate {
        client: client.map(|name| around(visit.lang, "login-for", "client", name)),
        notice: said.notice,
        refusal: said.refusal,
        faults: said.faults,
        csrf: binding.proof,
        continuation: pending.map(|pending| pending.text),
        username: said.username,
        shell: Shell { failed: said.status.is_client_error(), ..shell },
    };
    let mut response = page::show_leading_to(said.status, &template, target.as_deref());
    if let Some(cookie) = binding.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
