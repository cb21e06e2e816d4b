//! `POST /account/sessions/end` and `/account/sessions/end-all`.

use axum::response::Response;
use woad_http::Services;
use woad_http::page::OwnFormCall;
use woad_identity::session::{self, SessionId};

use super::signed_in;
use crate::error::PageError;
use crate::visit::Visit;
use crate::{logout, page};

/// Signed out: this browser's session is gone.
fn signed_out() -> Response {
    logout::cleared(page::see_other("/login?done=logout"))
}

/// Ends one of the person's sessions. One that is not there, or not theirs, is over already.
pub(crate) async fn end(services: Services, OwnFormCall(call): OwnFormCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let session = match signed_in(&visit).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if let Some(id) = visit.call.form.get("session").and_then(SessionId::parse) {
        let (realm, user, actor) = (&visit.call.realm.key, session.user().key.1, visit.actor(&session));
        let _already_over = visit.transact(|tx| session::end_by_id(tx, realm, user, id, &actor)).await?;
        if id == session.id() {
            return Ok(signed_out());
        }
    }
    Ok(page::see_other("/account?done=session"))
}

/// Ends all of the person's sessions, this one too, and every token that applications hold in their name.
pub(crate) async fn end_all(services: Services, OwnFormCall(call): OwnFormCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let session = match signed_in(&visit).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (realm, user, actor) = (&visit.call.realm.key, session.user().key.1, visit.actor(&session));
    visit.transact(|tx| session::end_all_access(tx, realm, user, &actor)).await?;
    Ok(signed_out())
}
