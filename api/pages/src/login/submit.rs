//! `POST /login`.

use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use raft_store_core::Freshness;
use woad_http::metrics::SignInOutcome;
use woad_http::page::{PageCall, PageFault};
use woad_http::{Services, cookie};
use woad_identity::opaque::OpaqueToken;
use woad_identity::signin::{DEVICE_REMEMBERED, SignedIn, Throttled};
use zeroize::Zeroizing;

use super::attempt::{NotSignedIn, sign_in};
use super::{Said, draw};
use crate::error::PageError;
use crate::faults::Faults;
use crate::page;
use crate::pending::Pending;
use crate::visit::Visit;

/// A sign-in that is refused says the same whatever the reason; the log knows it.
pub(crate) async fn submit(services: Services, call: PageCall) -> Result<Response, PageError> {
    let mut visit = Visit::new(services, call);
    let (own, pending) = visit
        .view(Freshness::Local, |view| {
            let pending =
                visit.call.form.get("continue").map(|text| Pending::open(view, &visit.call.realm, text)).transpose()?;
            Ok((visit.call.is_own_form(view)?, pending))
        })
        .await?;
    if matches!(pending, Some(None)) {
        return Err(visit.fail(PageFault::Stale));
    }
    let pending = pending.flatten();
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

    match sign_in(&visit, &username, password).await {
        Ok(Ok((token, signed_in))) => {
            visit.services.metrics.sign_in(SignInOutcome::SignedIn);
            Ok(enter(pending.as_ref(), &token, &signed_in))
        }
        Ok(Err(reason)) => refuse(&visit, pending, reason, said).await,
        Err(page) => {
            visit.services.metrics.sign_in(SignInOutcome::Unavailable);
            Err(page)
        }
    }
}

/// The same words for every reason, and more only for those who have to wait.
async fn refuse(
    visit: &Visit,
    pending: Option<Pending>,
    reason: NotSignedIn,
    said: Said,
) -> Result<Response, PageError> {
    let lang = visit.lang;
    tracing::info!(%reason, "sign-in refused");
    let (status, refusal, outcome) = match reason {
        NotSignedIn::Throttled(_) => {
            let text = format!("{} {}", lang.text("login-refused"), lang.text("shell-try-later"));
            (StatusCode::TOO_MANY_REQUESTS, text, SignInOutcome::Throttled)
        }
        NotSignedIn::Refused(_) | NotSignedIn::RealmGone => {
            (StatusCode::FORBIDDEN, lang.text("login-refused"), SignInOutcome::Refused)
        }
    };
    visit.services.metrics.sign_in(outcome);
    let mut response = draw(visit, pending, Said { status, refusal: Some(refusal), ..said }).await?;
    if let NotSignedIn::Throttled(Throttled { retry_after }) = reason {
        page::retry_after(&mut response, retry_after);
    }
    Ok(response)
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
