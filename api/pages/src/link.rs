//! `/link/{token}`: a one-time link, by which somebody sets their password.
//!
//! Looking at it uses nothing up: programs open links before people do.

use askama::Template;
use askama::filters::Safe;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use raft_store_core::Freshness;
use woad_http::Services;
use woad_http::page::{PageCall, PageFault};
use woad_identity::link::{self, LinkKind, LiveLink};
use woad_identity::opaque::TokenHash;

use crate::error::PageError;
use crate::faults::Faults;
use crate::html::around_two;
use crate::shell::Shell;
use crate::visit::Visit;
use crate::{new_password, page, shell};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkTemplate {
    shell: Shell,
    title: String,
    words: Safe<String>,
    refusal: Option<String>,
    faults: Faults,
    csrf: String,
    user_name: String,
    hint: String,
}

async fn draw(
    visit: &Visit,
    link: &LiveLink,
    (status, refusal): (StatusCode, Option<String>),
    faults: Faults,
) -> Result<Response, PageError> {
    let binding = visit.bind().await?;
    let shell = visit.view(Freshness::Local, |view| visit.shell(view)).await?;
    let lang = visit.lang;
    let user_name = link.user.row.user_name.clone();
    let organisation = shell::organisation(&visit.call.realm);
    let template = LinkTemplate {
        title: lang.text(match link.kind {
            LinkKind::FirstAdministrator => "link-title-administrator",
            LinkKind::SetPassword => "link-title-password",
        }),
        words: around_two(lang, "link-words", ("user", &user_name), ("organisation", &organisation)),
        refusal,
        faults,
        csrf: binding.proof,
        user_name,
        hint: new_password::hint(lang, &visit.call.realm.row),
        shell: Shell { failed: status.is_client_error(), ..shell },
    };
    let mut response = page::show(status, &template);
    if let Some(cookie) = binding.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The link that the path names, if it may still be used.
async fn look(visit: &Visit) -> Result<(TokenHash, LiveLink), PageError> {
    let gone = || visit.fail(PageFault::LinkGone);
    let token = visit.call.path.first().map(String::as_str).unwrap_or_default();
    let guarded = visit.services.guard(&visit.call.context, "link", token);
    guarded.map_err(|refused| {
        let page = visit.call.error(PageFault::Throttled);
        refused.retry_after().map_or(page.clone(), |seconds| page.with_retry_after(seconds))
    })?;
    let hash = TokenHash::of_presented(token).ok_or_else(gone)?;
    let look = visit.view(Freshness::Linearizable, |view| link::look(view, &visit.call.realm.key, &hash)).await?;
    look.map(|link| (hash, link)).map_err(|_| gone())
}

/// `GET /link/{token}`.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let (_, link) = look(&visit).await?;
    draw(&visit, &link, (StatusCode::OK, None), Faults::none()).await
}

/// `POST /link/{token}`. The link is used up only by a password that is set.
pub(crate) async fn submit(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let (hash, link) = look(&visit).await?;
    if !visit.view(Freshness::Local, |view| visit.call.is_own_form(view)).await? {
        let refusal = Some(visit.lang.text("shell-expired"));
        return draw(&visit, &link, (StatusCode::FORBIDDEN, refusal), Faults::none()).await;
    }
    let new = match new_password::of_form(&visit, &link.user.row, Faults::none()) {
        Ok(new) => new,
        Err(faults) => return draw(&visit, &link, (StatusCode::BAD_REQUEST, None), faults).await,
    };
    let new = new_password::hash(&visit, new).await?;
    let actor = visit.call.anonymous();
    let redeemed = visit.transact(|tx| link::redeem(tx, &visit.call.realm.key, &hash, &new, &actor)).await?;
    redeemed.map_err(|_| visit.fail(PageFault::LinkGone))?;
    Ok(page::see_other("/login?done=password"))
}
