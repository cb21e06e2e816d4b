//! `/logout` (OpenID Connect RP-Initiated Logout 1.0), and the sign-out buttons of our own pages.
//!
//! A session ends without a question when its person's own ID token asks for it, or one of our own forms; otherwise the
//! person is asked.

use askama::Template;
use askama::filters::Safe;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use raft_store_core::{Abort, Freshness, Read};
use url::form_urlencoded::Serializer;
use woad_http::page::{CSRF_FIELD, PageCall, PageFault};
use woad_http::{Form, Services, cookie};
use woad_identity::authorize::RedirectUrl;
use woad_identity::logout::{self, Logout, LogoutAsk};
use woad_identity::session::{self, EndedBy, LiveSession};
use woad_identity::{client, csrf};

use crate::error::PageError;
use crate::html::around;
use crate::page;
use crate::pending::Pending;
use crate::shell::Shell;
use crate::visit::Visit;

/// What a client may say; carried through the page that asks the person.
const PARAMETERS: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutTemplate {
    shell: Shell,
    csrf: String,
    carried: Vec<(&'static str, String)>,
    from: Option<Safe<String>>,
    ask: Safe<String>,
    signed_in: Safe<String>,
}

fn ask(form: &Form) -> LogoutAsk<'_> {
    LogoutAsk {
        id_token_hint: form.get("id_token_hint"),
        post_logout_redirect_uri: form.get("post_logout_redirect_uri"),
        client_id: form.get("client_id"),
        state: form.get("state"),
    }
}

/// What a request comes to at one state.
struct Seen {
    logout: Logout,
    session: Option<LiveSession>,
}

fn seen(visit: &Visit, read: &impl Read, form: &Form) -> Result<Seen, Abort> {
    let logout = logout::evaluate(read, &visit.call.realm, &visit.services.keys, &ask(form))?;
    Ok(Seen { logout, session: visit.session(read)? })
}

/// `GET /logout`.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let Seen { logout, session } =
        visit.view(Freshness::Linearizable, |view| seen(&visit, view, &visit.call.query)).await?;
    let Some(session) = session else { return Ok(leave(&logout)) };
    if logout.user == Some(session.user().key.1) {
        end(&visit, &session).await?;
        return Ok(leave(&logout));
    }
    let template = visit.view(Freshness::Local, |view| template(&visit, view, &logout, &session)).await?;
    Ok(page::show_leading_to(StatusCode::OK, &template, logout.redirect.as_ref().map(RedirectUrl::as_str)))
}

fn template(visit: &Visit, read: &impl Read, logout: &Logout, session: &LiveSession) -> Result<LogoutTemplate, Abort> {
    let (lang, realm, query) = (visit.lang, &visit.call.realm.key, &visit.call.query);
    let shell = visit.shell(read)?;
    let client = logout.client.as_ref().map(|id| client::get(read, realm, id)).transpose()?.flatten();
    let from = client.map(|client| match client.row.client_name {
        name if name.is_empty() => client.key.1.to_string(),
        name => name,
    });
    let carried = PARAMETERS.into_iter().filter_map(|name| query.get(name).map(|value| (name, value.to_owned())));
    Ok(LogoutTemplate {
        csrf: csrf::token(read, realm, session.hash())?,
        carried: carried.collect(),
        from: from.map(|name| around(lang, "logout-from", "client", &name)),
        ask: around(lang, "logout-ask", "organisation", &shell.organisation),
        signed_in: around(lang, "consent-signed-in", "user", &session.user().row.user_name),
        shell,
    })
}

/// `POST /logout`, by a form of our own; or by a client, which is asked to come again by `GET`: a browser sends no
/// session's cookie along with what another site posts.
pub(crate) async fn submit(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let form = &visit.call.form;
    if !form.has(CSRF_FIELD) && PARAMETERS.into_iter().any(|name| form.has(name)) {
        let said = PARAMETERS.into_iter().filter_map(|name| Some((name, form.get(name)?)));
        let query = Serializer::new(String::new()).extend_pairs(said).finish();
        return Ok(page::see_other(&format!("/logout?{query}")));
    }
    let continuation = form.get("continue");
    let (own, Seen { logout, session }, pending) = visit
        .view(Freshness::Linearizable, |view| {
            let pending = continuation.map(|text| Pending::open(view, &visit.call.realm, text)).transpose()?;
            Ok((visit.call.is_own_form(view)?, seen(&visit, view, form)?, pending.flatten()))
        })
        .await?;
    if !own {
        return Err(visit.fail(PageFault::Forged));
    }
    if let Some(session) = &session {
        end(&visit, session).await?;
    }
    Ok(match pending {
        Some(pending) => cleared(page::see_other(&pending.authorize())),
        None => leave(&logout),
    })
}

/// Ends the session. One that ended meanwhile is over as well.
async fn end(visit: &Visit, session: &LiveSession) -> Result<(), PageError> {
    let actor = visit.actor(session);
    let realm = &visit.call.realm.key;
    let _already_over = visit.transact(|tx| session::end(tx, realm, session.hash(), EndedBy::SignOut, &actor)).await?;
    Ok(())
}

/// To where the client wants the browser, else to the login page.
fn leave(logout: &Logout) -> Response {
    cleared(page::see_other(logout.redirect.as_ref().map_or("/login?done=logout", |url| url.as_str())))
}

/// Without the session's cookie.
pub(crate) fn cleared(mut response: Response) -> Response {
    if let Some(cookie) = cookie::SESSION.clear() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
