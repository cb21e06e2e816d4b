//! `/consent`: whether a client may act for a person, in plain words.

use askama::Template;
use askama::filters::Safe;
use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Abort, Freshness, Outcome, Read};
use url::Url;
use woad_http::Services;
use woad_http::page::{OwnFormCall, PageCall, PageFault};
use woad_identity::authorize::{self, Approval, CodeSeed, ConsentAsk, Consented, Evaluation, RedirectUrl};
use woad_identity::client::Client;
use woad_identity::consent::Remember;
use woad_identity::scope::ScopeList;
use woad_identity::session::LiveSession;
use woad_identity::{csrf, realm};

use crate::error::PageError;
use crate::html::{around, escaped};
use crate::page;
use crate::pending::Pending;
use crate::scopes::{self, ScopeLine};
use crate::shell::Shell;
use crate::text::Lang;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentTemplate {
    shell: Shell,
    csrf: String,
    continuation: String,
    shown: String,
    asks: Safe<String>,
    will: Safe<String>,
    warnings: Vec<Safe<String>>,
    scopes: Vec<ScopeLine>,
    may_remember: bool,
    returns: Safe<String>,
    links: Vec<Link>,
    contacts: Option<Safe<String>>,
    signed_in: Safe<String>,
}

struct Link {
    href: String,
    words: String,
}

/// What the request, the client and the session come to.
enum Next {
    Show(Box<ConsentTemplate>, String),
    Login,
    Authorize,
    Client(RedirectUrl),
    Refused(PageFault),
}

/// `GET /consent`.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let mut visit = Visit::new(services, call);
    let text = visit.call.query.get("continue").unwrap_or_default().to_owned();
    let pending = visit.view(Freshness::Local, |view| Pending::open(view, &visit.call.realm, &text)).await?;
    let pending = pending.ok_or_else(|| visit.fail(PageFault::Stale))?;
    visit.speak(pending.request.ui_locales());
    let next = visit.view(Freshness::Linearizable, |view| next(&visit, view, &pending)).await?;
    Ok(match next {
        Next::Show(template, target) => page::show_leading_to(StatusCode::OK, template.as_ref(), Some(&target)),
        Next::Login => page::see_other(&pending.login()),
        Next::Authorize => page::see_other(&pending.authorize()),
        Next::Client(url) => page::see_other(url.as_str()),
        Next::Refused(fault) => return Err(visit.fail(fault)),
    })
}

fn next(visit: &Visit, read: &impl Read, pending: &Pending) -> Result<Next, Abort> {
    let realm = &visit.call.realm;
    let session = visit.session(read)?;
    let evaluation = authorize::evaluate(read, realm, &pending.with(session.as_ref()))?;
    Ok(match (evaluation, session) {
        (Evaluation::Consent(ask), Some(session)) => {
            let template = template(visit, read, pending, &ask, &session)?;
            Next::Show(Box::new(template), ask.redirect_uri)
        }
        (Evaluation::Consent(_) | Evaluation::Login(_), _) => Next::Login,
        (Evaluation::Grant(_), _) => Next::Authorize,
        (Evaluation::RedirectError { url, error }, _) => {
            tracing::info!(client = pending.request.client_id(), %error, "authorization refused");
            Next::Client(url)
        }
        (Evaluation::Refused(fault), _) => Next::Refused(shown(fault)),
    })
}

fn template(
    visit: &Visit,
    read: &impl Read,
    pending: &Pending,
    ask: &ConsentAsk,
    session: &LiveSession,
) -> Result<ConsentTemplate, Abort> {
    let lang = visit.lang;
    let shell = visit.shell(read)?;
    let client = &ask.client.row;
    let name = if client.client_name.is_empty() { pending.request.client_id() } else { &client.client_name };
    let mut warnings = Vec::new();
    if client.dynamically_registered {
        warnings.push(around(lang, "consent-warn-registered", "organisation", &shell.organisation));
    }
    if !ask.may_be_remembered {
        warnings.push(Safe(escaped(&lang.text("consent-warn-public"))));
    }
    let contacts = client.contacts.join(", ");
    Ok(ConsentTemplate {
        csrf: csrf::token(read, &visit.call.realm.key, session.hash())?,
        continuation: pending.text.clone(),
        shown: ask.scopes.to_string(),
        asks: around(lang, "consent-asks", "client", name),
        will: around(lang, "consent-will", "client", name),
        warnings,
        scopes: ask.scopes.iter().map(|scope| scopes::line(lang, scope.as_str())).collect(),
        may_remember: ask.may_be_remembered,
        returns: around(lang, "consent-returns", "place", &place(&ask.redirect_uri)),
        links: links(lang, client),
        contacts: (!contacts.is_empty()).then(|| around(lang, "consent-contacts", "contacts", &contacts)),
        signed_in: around(lang, "consent-signed-in", "user", &session.user().row.user_name),
        shell,
    })
}

/// The host that the answer goes to; without one, the program's own scheme.
fn place(redirect_uri: &str) -> String {
    let url = Url::parse(redirect_uri).ok();
    let host = url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
    host.or_else(|| url.map(|url| format!("{}:", url.scheme()))).unwrap_or_default()
}

/// What the client says of itself, where that is a web address.
fn links(lang: Lang, client: &Client) -> Vec<Link> {
    let all = [
        ("consent-home", &client.client_uri),
        ("consent-policy", &client.policy_uri),
        ("consent-terms", &client.tos_uri),
    ];
    let web = |href: &str| Url::parse(href).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let links = all.into_iter().filter(|(_, href)| web(href));
    links.map(|(key, href)| Link { href: href.clone(), words: lang.text(key) }).collect()
}

/// `POST /consent`: everything is evaluated again, in the transaction that issues the code.
pub(crate) async fn submit(services: Services, OwnFormCall(call): OwnFormCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let form = &visit.call.form;
    let text = form.get("continue").unwrap_or_default();
    let pending = visit.view(Freshness::Local, |view| Pending::open(view, &visit.call.realm, text)).await?;
    let pending = pending.ok_or_else(|| visit.fail(PageFault::Stale))?;
    if form.has("abort") {
        return deny(&visit, &pending).await;
    }
    let shown = ScopeList::parse(form.get("scope").unwrap_or_default());
    let shown = shown.map_err(|_| visit.fail(PageFault::BadRequest))?;
    let remember = match form.get("remember") {
        None => Remember::No,
        Some(name) => Remember::by_name(name).ok_or_else(|| visit.fail(PageFault::BadRequest))?,
    };
    let approval = Approval { shown, remember };
    let seed = CodeSeed { code: visit.random()?, grant: visit.random()? };
    let approved = visit.transact(|tx| approve(&visit, tx, &pending, &approval, &seed)).await?;
    match approved {
        Ok(url) => Ok(page::see_other(url.as_str())),
        Err(evaluation) => otherwise(&visit, &pending, *evaluation),
    }
}

fn approve(
    visit: &Visit,
    tx: &mut raft_store_core::Tx<'_>,
    pending: &Pending,
    approval: &Approval,
    seed: &CodeSeed,
) -> Result<Outcome<Result<RedirectUrl, Box<Evaluation>>>, Abort> {
    let Some(realm) = realm::get(tx, &visit.call.realm.key)? else {
        return Ok(Outcome::Answer(Err(Box::new(Evaluation::Refused(authorize::PageFault::ClientUnknown)))));
    };
    let session = visit.session(tx)?;
    let actor = session.as_ref().map_or_else(|| visit.call.anonymous(), |session| visit.actor(session));
    authorize::approve(tx, &realm, &pending.with(session.as_ref()), Consented::Now(approval), seed, &actor)
}

/// What is needed instead of a code. When the person would be asked again, something changed since they were shown it.
fn otherwise(visit: &Visit, pending: &Pending, evaluation: Evaluation) -> Result<Response, PageError> {
    match evaluation {
        Evaluation::Login(_) => Ok(page::see_other(&pending.login())),
        Evaluation::RedirectError { url, error } => {
            tracing::info!(client = pending.request.client_id(), %error, "authorization refused");
            Ok(page::see_other(url.as_str()))
        }
        Evaluation::Refused(fault) => Err(visit.fail(shown(fault))),
        Evaluation::Consent(_) | Evaluation::Grant(_) => Err(visit.fail(PageFault::Stale)),
    }
}

async fn deny(visit: &Visit, pending: &Pending) -> Result<Response, PageError> {
    let denied = visit
        .view(Freshness::Linearizable, |view| {
            let Some(realm) = realm::get(view, &visit.call.realm.key)? else { return Ok(None) };
            authorize::deny(view, &realm, &pending.request).map(Some)
        })
        .await?;
    denied.map_or_else(|| Err(visit.fail(PageFault::Stale)), |evaluation| otherwise(visit, pending, evaluation))
}

/// What a fault of the request means to a person.
const fn shown(fault: authorize::PageFault) -> PageFault {
    match fault {
        authorize::PageFault::ClientMissing
        | authorize::PageFault::ClientUnknown
        | authorize::PageFault::ClientSuspended => PageFault::UnknownClient,
        authorize::PageFault::Repeated(_) => PageFault::BadRequest,
        authorize::PageFault::RedirectMissing | authorize::PageFault::RedirectUnknown => PageFault::RedirectUri,
    }
}
