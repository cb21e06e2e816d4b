//! The refresh grant (RFC 6749 §6).

use std::sync::Arc;

use axum::response::Response;
use raft_store_core::{Abort, Outcome, Tx};
use woad_http::{ClientCall, Services};
use woad_identity::Actor;
use woad_identity::client::GrantType;
use woad_identity::keys::Signer;
use woad_identity::refresh::{self, PresentedRefresh, Refreshed};
use woad_identity::scope::ScopeList;
use woad_identity::token::{IdTokenAsk, id_token, issue};

use super::error::TokenError;
use super::respond::Issued;
use super::{Wanted, can_be_issued};
use crate::client::prove;

type Evaluated = Result<(Refreshed, Arc<Signer>), TokenError>;

fn evaluate(
    services: &Services,
    tx: &mut Tx<'_>,
    call: &ClientCall,
    presented: &PresentedRefresh<'_>,
) -> Result<Outcome<Evaluated>, Abort> {
    let (realm, client) = match prove(tx, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    // Before anything is replaced: without a key there is nothing to be had for it.
    let signer = match services.keys.signer(tx, &realm.key, realm.row.access_token_alg()?)? {
        Ok(signer) => signer,
        Err(no_key) => return Ok(Outcome::Answer(Err(no_key.into()))),
    };
    let actor = Actor::client(client.id(), call.context.peer.ip(), call.context.id.as_ref());
    Ok(match refresh::redeem(tx, &realm, &client, presented, &actor)? {
        Outcome::Commit(Ok(refreshed)) => match can_be_issued(&refreshed.permit, &signer) {
            Ok(()) => Outcome::Commit(Ok((refreshed, signer))),
            Err(refused) => Outcome::Answer(Err(refused.into())),
        },
        Outcome::Commit(Err(error)) => Outcome::Commit(Err(error.into())),
        Outcome::Answer(refreshed) => {
            Outcome::Answer(refreshed.map(|refreshed| (refreshed, signer)).map_err(TokenError::from))
        }
    })
}

/// One transaction, which a client that keeps its token leaves without a write; the tokens are signed at its revision,
/// after it is on a quorum's disks. Without a quorum nothing is refreshed: a suspension is final.
pub(super) async fn grant(services: &Services, call: &ClientCall, wanted: &Wanted) -> Result<Response, TokenError> {
    let scopes = call.form.get("scope").map(ScopeList::parse).transpose()?;
    let seed = services.random()?;
    let presented = PresentedRefresh {
        token: call.form.get("refresh_token").ok_or(TokenError::Missing("refresh_token"))?,
        scopes: scopes.as_ref(),
        audience: &wanted.audience,
        expires_in: wanted.expires_in,
        seed: &seed,
    };
    let randoms: [[u8; 16]; 2] = [services.random()?, services.random()?];
    let request = call.context.request();
    let done = services.store.transact(&request, |tx| evaluate(services, tx, call, &presented)).await?;
    let (refreshed, signer) = done.answer?;
    let [of_access, of_id] = randoms;
    let prepared = issue(&refreshed.permit, &signer, of_access, Some(done.revision))?;
    let access_token = prepared.sign(&signer)?;
    let id_token = if refreshed.permit.has_id_token() {
        // No nonce: it belongs to the first ID token (OpenID Connect Core §12.2).
        let ask = IdTokenAsk { nonce: None, auth_time: false, access_token: &access_token };
        Some(id_token(&refreshed.permit, &ask, &signer, of_id)?)
    } else {
        None
    };
    let user = &refreshed.user;
    let issued = Issued {
        grant: GrantType::RefreshToken,
        prepared: &prepared,
        signer: &signer,
        access_token: &access_token,
        user: Some((user.key.1.to_string(), &user.row.user_name)),
        refresh_token: Some(&refreshed.token),
        id_token: id_token.as_deref(),
    };
    Ok(issued.respond(call))
}
