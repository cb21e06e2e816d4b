//! The client credentials grant (RFC 6749 §4.4).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use raft_store_core::{Abort, Freshness, Read, StoreError};
use woad_http::{ClientCall, Services};
use woad_identity::client::GrantType;
use woad_identity::keys::Signer;
use woad_identity::scope::ScopeList;
use woad_identity::token::{Ask, PreparedToken, Subject, decide, issue};

use super::Wanted;
use super::error::TokenError;
use super::respond::Issued;
use crate::client::prove;

/// What is said instead of a refusal that only a quorum could confirm.
const ASK_AGAIN: StoreError = StoreError::NotDone { retry: Duration::from_secs(1) };

/// Everything that is read for a token, in one view.
fn evaluate(
    services: &Services,
    read: &impl Read,
    call: &ClientCall,
    scopes: Option<&ScopeList>,
    wanted: &Wanted,
    random: [u8; 16],
) -> Result<Result<(PreparedToken, Arc<Signer>), TokenError>, Abort> {
    let (realm, client) = match prove(read, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Err(error.into())),
    };
    let ask = Ask {
        client: &client,
        subject: Subject::Client,
        grant: GrantType::ClientCredentials,
        scopes,
        audience: &wanted.audience,
        expires_in: wanted.expires_in,
    };
    let permit = match decide(read, &realm, &ask)? {
        Ok(permit) => permit,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let signer = match services.keys.signer(read, &realm.key, realm.row.access_token_alg()?)? {
        Ok(signer) => signer,
        Err(no_key) => return Ok(Err(no_key.into())),
    };
    Ok(issue(&permit, &signer, random, None).map(|prepared| (prepared, signer)).map_err(TokenError::from))
}

/// Writes nothing: a token costs one view and one signature.
pub(super) async fn grant(services: &Services, call: &ClientCall, wanted: &Wanted) -> Result<Response, TokenError> {
    let scopes = call.form.get("scope").map(ScopeList::parse).transpose()?;
    let random = services.random()?;
    let fresh = Freshness::Issuing { grace: call.realm.row.grace() };
    let request = call.context.request();
    let view =
        services.store.view(&request, fresh, |view| evaluate(services, view, call, scopes.as_ref(), wanted, random));
    let decided = view.await?;
    // The grace lets tokens be issued. A refusal that rests on old state may be wrong by now (a new secret, a client
    // made a moment ago), and a client takes it for final.
    let refused = |refusal: TokenError| if decided.age.is_zero() { refusal } else { ASK_AGAIN.into() };
    let (prepared, signer) = decided.answer.map_err(refused)?;
    let token = prepared.sign(&signer)?;
    let issued = Issued {
        grant: GrantType::ClientCredentials,
        prepared: &prepared,
        signer: &signer,
        access_token: &token,
        user: None,
        refresh_token: None,
        id_token: None,
    };
    Ok(issued.respond(call))
}
