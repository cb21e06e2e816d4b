//! `POST /account/password`.
//!
//! Knowing the present password is proved anew, and a guess at it counts like one at the sign-in page: an open session
//! is no way around the delays.

use axum::response::Response;
use http::StatusCode;
use raft_store_core::Outcome;
use woad_http::Services;
use woad_http::page::{OwnFormCall, PageFault};
use woad_identity::password;
use woad_identity::refusal::RefusalKind;
use zeroize::Zeroizing;

use super::show::{Said, draw};
use super::signed_in;
use crate::error::PageError;
use crate::faults::Faults;
use crate::visit::Visit;
use crate::{login, logout, new_password, page};

const CURRENT: &str = "current";

/// Changes the person's password, which ends all their sessions: they sign in with the new one.
pub(crate) async fn change(services: Services, OwnFormCall(call): OwnFormCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let session = match signed_in(&visit).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let person = session.user();
    let current = Zeroizing::new(visit.call.form.get(CURRENT).unwrap_or_default().to_owned());
    let mut faults = Faults::none();
    if current.is_empty() {
        faults.add(CURRENT, visit.lang.text("password-need-current"));
    }
    let new = match new_password::of_form(&visit, &person.row, faults) {
        Ok(new) => new,
        Err(faults) => return draw(&visit, Said { status: StatusCode::BAD_REQUEST, faults, ..Said::default() }).await,
    };
    let attempt = match login::begin(&visit, &person.row.user_name).await? {
        Ok(attempt) => attempt,
        Err(throttled) => {
            login::note(&visit, RefusalKind::SignInDelayed, Some(person.key.1));
            let refusal = Some(visit.lang.text("shell-try-later"));
            let said = Said { status: StatusCode::TOO_MANY_REQUESTS, refusal, ..Said::default() };
            let mut response = draw(&visit, said).await?;
            page::retry_after(&mut response, throttled.retry_after);
            return Ok(response);
        }
    };
    if !login::verify(&visit, &attempt, current).await?.ok {
        login::note(&visit, RefusalKind::SignIn, Some(person.key.1));
        let faults = Faults::one(CURRENT, visit.lang.text("account-wrong-password"));
        return draw(&visit, Said { status: StatusCode::FORBIDDEN, faults, ..Said::default() }).await;
    }
    let new = new_password::hash(&visit, new).await?;
    let (realm, user, actor) = (&visit.call.realm.key, person.key.1, visit.actor(&session));
    let changed = visit
        .transact(|tx| {
            // Whatever ended the session meanwhile also ended the right to this.
            if visit.session(tx)?.is_none() {
                return Ok(Outcome::Answer(false));
            }
            Ok(match password::set(tx, realm, user, &new, &actor)? {
                Outcome::Commit(done) => Outcome::Commit(done.is_ok()),
                Outcome::Answer(_) => Outcome::Answer(false),
            })
        })
        .await?;
    if !changed {
        return Err(visit.fail(PageFault::Stale));
    }
    Ok(logout::cleared(page::see_other("/login?done=password")))
}
