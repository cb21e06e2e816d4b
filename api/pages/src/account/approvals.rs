//! `POST /account/approvals/remove`.

use axum::response::Response;
use woad_http::Services;
use woad_http::page::{OwnFormCall, PageFault};
use woad_identity::{ClientId, consent};

use super::signed_in;
use crate::error::PageError;
use crate::page;
use crate::visit::Visit;

/// Takes back what the person allowed a client, remembered or not. What is not there is taken back already.
pub(crate) async fn remove(services: Services, OwnFormCall(call): OwnFormCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let session = match signed_in(&visit).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let client = visit.call.form.get("client").and_then(|id| ClientId::parse(id).ok());
    let client = client.ok_or_else(|| visit.fail(PageFault::BadRequest))?;
    let (realm, user, actor) = (&visit.call.realm.key, session.user().key.1, visit.actor(&session));
    let _already_gone = visit.transact(|tx| consent::remove(tx, realm, user, &client, &actor)).await?;
    Ok(page::see_other("/account?done=approval"))
}
