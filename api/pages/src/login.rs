//! `/login`: name and password on one page.

use askama::Template;
use askama::filters::Safe;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use raft_store_core::{Freshness, Outcome};
use woad_http::metrics::SignInOutcome;
use woad_http::page::{PageCall, PageFault};
use woad_http::{Services, cookie};
use woad_identity::opaque::OpaqueToken;
use woad_identity::realm;
use woad_identity::session::{Amr, SessionSeed};
use woad_identity::signin::{self, Attempt, DEVICE_REMEMBERED, NewSession, Proof, SignInRefused, SignedIn, Throttled};
use zeroize::Zeroizing;

use crate::error::PageError;
use crate::faults::Faults;
use crate::html::around;
use crate::page;
use crate::pending::Pending;
use crate::shell::Shell;
use crate::visit::Visit;

/// Why nobody is signed in, as its log line says.
#[derive(Debug, thiserror::Error)]
enum NotSignedIn {
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Refused(#[from] SignInRefused),
    #[error("realm is gone")]
    RealmGone,
}

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
        shell,
    };
    let mut response = page::show_leading_to(said.status, &template, target.as_deref());
    if let Some(cookie) = binding.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /login`. Somebody who is signed in already, and whom no application sent, goes to their account.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let mut visit = Visit::new(services, call);
    let pending = match visit.call.query.get("continue") {
        Some(text) => {
            let found = visit.view(Freshness::Local, |view| Pending::open(view, &visit.call.realm.key, text)).await?;
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

/// `POST /login`. A sign-in that is refused says the same whatever the reason; the log knows it.
pub(crate) async fn submit(services: Services, call: PageCall) -> Result<Response, PageError> {
    let mut visit = Visit::new(services, call);
    let realm = &visit.call.realm.key;
    let (own, pending) = visit
        .view(Freshness::Local, |view| {
            let pending = visit.call.form.get("continue").map(|text| Pending::open(view, realm, text)).transpose()?;
            Ok((visit.call.is_own_form(view)?, pending))
        })
        .await?;
    let pending = match pending {
        Some(None) => return Err(visit.fail(PageFault::Stale)),
        Some(Some(pending)) => Some(pending),
        None => None,
    };
    if let Some(pending) = &pending {
        visit.speak(pending.request.ui_locales());
    }
    let lang = visit.lang;
    let username = visit.call.form.get("username").unwrap_or_default().to_owned();
    let said = Said { username: username.clone(), ..Said::default() };
    if !own {
        // The page was open for too long, or another site sent this: nothing is looked at, what was typed is kept.
        let refusal = Some(lang.text("shell-expired"));
        return draw(&visit, pending, Said { status: StatusCode::FORBIDDEN, refusal, ..said }).await;
    }
    let password = Zeroizing::new(visit.call.form.get("password").unwrap_or_default().to_owned());
    let mut faults = Faults::none();
    if username.is_empty() {
        faults.add("username", lang.text("login-need-username"));
    }
    if password.is_empty() {
        faults.add("password", lang.text("login-need-password"));
    }
    if !faults.is_empty() {
        return draw(&visit, pending, Said { status: StatusCode::BAD_REQUEST, faults, ..said }).await;
    }

    let refused =
        match sign_in(&visit, &username, password).await.inspect_err(|_| count(&visit, SignInOutcome::Unavailable))? {
            Ok((token, signed_in)) => {
                count(&visit, SignInOutcome::SignedIn);
                return Ok(enter(pending.as_ref(), &token, &signed_in));
            }
            Err(refused) => refused,
        };
    tracing::info!(reason = %refused, "sign-in refused");
    let (status, refusal, outcome) = match &refused {
        NotSignedIn::Throttled(_) => {
            let text = format!("{} {}", lang.text("login-refused"), lang.text("shell-try-later"));
            (StatusCode::TOO_MANY_REQUESTS, text, SignInOutcome::Throttled)
        }
        NotSignedIn::Refused(_) | NotSignedIn::RealmGone => {
            (StatusCode::FORBIDDEN, lang.text("login-refused"), SignInOutcome::Refused)
        }
    };
    count(&visit, outcome);
    let mut response = draw(&visit, pending, Said { status, refusal: Some(refusal), ..said }).await?;
    if let NotSignedIn::Throttled(Throttled { retry_after }) = refused {
        page::retry_after(&mut response, retry_after);
    }
    Ok(response)
}

fn count(visit: &Visit, outcome: SignInOutcome) {
    visit.services.metrics.sign_in(outcome);
}

/// Counts the attempt, verifies the password, begins the session.
async fn sign_in(
    visit: &Visit,
    login: &str,
    password: Zeroizing<String>,
) -> Result<Result<(OpaqueToken, SignedIn), NotSignedIn>, PageError> {
    let attempt = match begin(visit, login).await? {
        Ok(attempt) => attempt,
        Err(throttled) => return Ok(Err(throttled.into())),
    };
    let passwords = &visit.services.passwords;
    let verified =
        passwords.verify(attempt.hash(), password.clone()).await.map_err(|error| visit.unavailable(error))?;
    let rehash = if verified.needs_rehash {
        let salt = visit.random()?;
        passwords.hash(password, salt).await.map_err(|error| visit.unavailable(error))?.ok()
    } else {
        None
    };
    let proof = Proof { verified: verified.ok, rehash };
    let token = OpaqueToken::from_random(&visit.random()?);
    let agent = visit.call.parts.headers.get(http::header::USER_AGENT);
    let new = NewSession {
        seed: SessionSeed {
            hash: token.hash(),
            amr: vec![Amr::Password],
            address: visit.call.context.peer.ip(),
            user_agent: agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned(),
        },
        old: visit.call.session,
        device: visit.random()?,
    };
    let actor = visit.call.anonymous();
    let done = visit
        .transact(|tx| {
            let Some(realm) = realm::get(tx, &visit.call.realm.key)? else {
                return Ok(Outcome::Answer(Err(NotSignedIn::RealmGone)));
            };
            Ok(match signin::complete(tx, &realm, &attempt, &proof, &new, &actor)? {
                Outcome::Commit(done) => Outcome::Commit(done.map_err(NotSignedIn::from)),
                Outcome::Answer(done) => Outcome::Answer(done.map_err(NotSignedIn::from)),
            })
        })
        .await?;
    Ok(done.map(|signed_in| (token, signed_in)))
}

/// Counts an attempt before anyone looks at its password.
pub(crate) async fn begin(visit: &Visit, login: &str) -> Result<Result<Attempt, Throttled>, PageError> {
    let actor = visit.call.anonymous();
    let device = visit.call.cookie(cookie::DEVICE);
    visit.transact(|tx| signin::begin(tx, &visit.call.realm.key, login, device, &actor)).await
}

/// Back to what the person wanted, with the cookies of a new session.
fn enter(pending: Option<&Pending>, token: &OpaqueToken, signed_in: &SignedIn) -> Response {
    let mut response = match pending {
        Some(pending) => page::see_other(&pending.authorize()),
        None => page::see_other("/account"),
    };
    let cookies = [
        cookie::SESSION.set(token.reveal(), None),
        cookie::DEVICE.set(signed_in.device.as_str(), Some(DEVICE_REMEMBERED)),
        cookie::PRE_LOGIN.clear(),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
