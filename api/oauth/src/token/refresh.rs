//! The refresh grant (RFC 6749 §6).

use axum::response::Response;
use raft_store_core::Tx;
use woad_http::{ClientCall, Services};
use woad_identity::client::GrantType;
use woad_identity::refresh::{self, PresentedRefresh};
use woad_identity::scope::ScopeList;

use super::Wanted;
use super::error::TokenError;
use super::person::{Redeemed, evaluate};

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
    let randoms = [services.random()?, services.random()?];
    let request = call.context.request();
    let run = |tx: &mut Tx<'_>| {
        evaluate(
            services,
            tx,
            call,
            |tx, realm, client, actor| refresh::redeem(tx, realm, client, &presented, actor),
            |refreshed| &refreshed.permit,
        )
    };
    let done = services.store.transact(&request, run).await?;
    let (refreshed, signer) = done.answer?;
    let redeemed = Redeemed {
        grant: GrantType::RefreshToken,
        permit: &refreshed.permit,
        user: &refreshed.user,
        refresh_token: Some(&refreshed.token),
        // It belongs to the first ID token (OpenID Connect Core §12.2).
        nonce: None,
        auth_time: false,
    };
    redeemed.respond(call, &signer, done.revision, randoms)
}
