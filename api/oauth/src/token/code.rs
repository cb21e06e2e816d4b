//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5).

use std::sync::Arc;

use axum::response::Response;
use raft_store_core::{Abort, Outcome, Tx};
use woad_http::{ClientCall, Services};
use woad_identity::Actor;
use woad_identity::client::GrantType;
use woad_identity::code::{self, PresentedCode, Redeemed};
use woad_identity::keys::Signer;
use woad_identity::token::{IdTokenAsk, id_token, issue};

use super::error::TokenError;
use super::respond::Issued;
use super::{Wanted, can_be_issued};
use crate::client::prove;

type Evaluated = Result<(Redeemed, Arc<Signer>), TokenError>;

fn evaluate(
    services: &Services,
    tx: &mut Tx<'_>,
    call: &ClientCall,
    presented: &PresentedCode<'_>,
) -> Result<Outcome<Evaluated>, Abort> {
    let (realm, client) = match prove(tx, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    // Before anything is used up: without a key there is nothing to be had for it.
    let signer = match services.keys.signer(tx, &realm.key, realm.row.access_token_alg()?)? {
        Ok(signer) => signer,
        Err(no_key) => return Ok(Outcome::Answer(Err(no_key.into()))),
    };
    let actor = Actor::client(client.id(), call.context.peer.ip(), call.context.id.as_ref());
    Ok(match code::redeem(tx, &realm, &client, presented, &actor)? {
        Outcome::Commit(Ok(redeemed)) => match can_be_issued(&redeemed.permit, &signer) {
            Ok(()) => Outcome::Commit(Ok((redeemed, signer))),
            Err(refused) => Outcome::Answer(Err(refused.into())),
        },
        Outcome::Commit(Err(error)) => Outcome::Commit(Err(error.into())),
        Outcome::Answer(redeemed) => {
            Outcome::Answer(redeemed.map(|redeemed| (redeemed, signer)).map_err(TokenError::from))
        }
    })
}

/// One transaction; the tokens are signed at its revision, after it is on a quorum's disks.
pub(super) async fn grant(services: &Services, call: &ClientCall, wanted: &Wanted) -> Result<Response, TokenError> {
    let secret = services.random()?;
    let presented = PresentedCode {
        code: call.form.get("code").ok_or(TokenError::Missing("code"))?,
        redirect_uri: call.form.get("redirect_uri"),
        verifier: call.form.get("code_verifier"),
        audience: &wanted.audience,
        expires_in: wanted.expires_in,
        secret: &secret,
    };
    let randoms: [[u8; 16]; 2] = [services.random()?, services.random()?];
    let request = call.context.request();
    let done = services.store.transact(&request, |tx| evaluate(services, tx, call, &presented)).await?;
    let (redeemed, signer) = done.answer?;
    let [of_access, of_id] = randoms;
    let prepared = issue(&redeemed.permit, &signer, of_access, Some(done.revision))?;
    let access_token = prepared.sign(&signer)?;
    let id_token = if redeemed.permit.has_id_token() {
        let nonce = redeemed.nonce.as_deref();
        let ask = IdTokenAsk { nonce, auth_time: redeemed.auth_time_asked, access_token: &access_token };
        Some(id_token(&redeemed.permit, &ask, &signer, of_id)?)
    } else {
        None
    };
    let user = &redeemed.user;
    let issued = Issued {
        grant: GrantType::AuthorizationCode,
        prepared: &prepared,
        signer: &signer,
        access_token: &access_token,
        user: Some((user.key.1.to_string(), &user.row.user_name)),
        refresh_token: redeemed.refresh.as_ref(),
        id_token: id_token.as_deref(),
    };
    Ok(issued.respond(call))
}
