//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5).

use axum::response::Response;
use raft_store_core::Tx;
use woad_http::{ClientCall, Services};
use woad_identity::client::GrantType;
use woad_identity::code::{self, PresentedCode};

use super::Wanted;
use super::error::TokenError;
use super::person::{Redeemed, evaluate};

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
    let randoms = [services.random()?, services.random()?];
    let request = call.context.request();
    let run = |tx: &mut Tx<'_>| {
        evaluate(
            services,
            tx,
            call,
            |tx, realm, client, actor| code::redeem(tx, realm, client, &presented, actor),
            |redeemed| &redeemed.permit,
        )
    };
    let done = services.store.transact(&request, run).await?;
    let (redeemed, signer) = done.answer?;
    let redeemed = Redeemed {
        grant: GrantType::AuthorizationCode,
        permit: &redeemed.permit,
        user: &redeemed.user,
        refresh_token: redeemed.refresh.as_ref(),
        nonce: redeemed.nonce.as_deref(),
        auth_time: redeemed.auth_time_asked,
    };
    redeemed.respond(call, &signer, done.revision, randoms)
}
