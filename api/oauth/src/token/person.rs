//! Tokens about a person, whichever grant gives them.

use std::sync::Arc;

use axum::response::Response;
use raft_store_core::{Abort, Outcome, Revision, Stored, Tx};
use woad_http::{ClientCall, Services};
use woad_identity::client::{AuthenticatedClient, GrantType};
use woad_identity::keys::Signer;
use woad_identity::realm::Realms;
use woad_identity::refresh::RefreshToken;
use woad_identity::token::{IdTokenAsk, IssueRefused, Permit, id_token, issue};
use woad_identity::user::Users;
use woad_identity::{Actor, Decided};

use super::error::TokenError;
use super::respond::Issued;
use crate::client::prove;

/// What a grant redeemed, and the key that is to sign what it gives.
pub(super) type Evaluated<T> = Result<(T, Arc<Signer>), TokenError>;

/// Proves the client and redeems what it presents, in one transaction. Nothing is used up by a request whose tokens
/// could not be signed or issued then.
pub(super) fn evaluate<T, E: Into<TokenError>>(
    services: &Services,
    tx: &mut Tx<'_>,
    call: &ClientCall,
    redeem: impl FnOnce(&mut Tx<'_>, &Stored<Realms>, &AuthenticatedClient, &Actor) -> Decided<T, E>,
    permit: impl Fn(&T) -> &Permit,
) -> Result<Outcome<Evaluated<T>>, Abort> {
    let (realm, client) = match prove(tx, call)? {
        Ok(proved) => proved,
        Err(error) => return Ok(Outcome::Answer(Err(error.into()))),
    };
    let signer = match services.keys.signer(tx, &realm.key, realm.row.access_token_alg()?)? {
        Ok(signer) => signer,
        Err(no_key) => return Ok(Outcome::Answer(Err(no_key.into()))),
    };
    let actor = Actor::client(client.id(), call.context.client(), call.context.id.as_ref());
    Ok(match redeem(tx, &realm, &client, &actor)? {
        Outcome::Commit(Ok(redeemed)) => match can_be_issued(permit(&redeemed), &signer) {
            Ok(()) => Outcome::Commit(Ok((redeemed, signer))),
            Err(refused) => Outcome::Answer(Err(refused.into())),
        },
        Outcome::Commit(Err(error)) => Outcome::Commit(Err(error.into())),
        Outcome::Answer(redeemed) => Outcome::Answer(redeemed.map(|redeemed| (redeemed, signer)).map_err(Into::into)),
    })
}

/// Whether the access token can be issued: a token that would be too large must not cost its client the code or the
/// refresh token, which count as used once they are committed. No revision is written longer than this.
fn can_be_issued(permit: &Permit, signer: &Signer) -> Result<(), IssueRefused> {
    issue(permit, signer, [0; 16], Some(Revision(u64::MAX))).map(drop)
}

/// What was redeemed, to be answered with tokens.
pub(super) struct Redeemed<'a> {
    /// By which grant.
    pub(super) grant: GrantType,
    /// Leave to issue the access token.
    pub(super) permit: &'a Permit,
    /// The person.
    pub(super) user: &'a Stored<Users>,
    /// The refresh token.
    pub(super) refresh_token: Option<&'a RefreshToken>,
    /// The authorization request's `nonce`, for its first ID token.
    pub(super) nonce: Option<&'a str>,
    /// Whether that ID token tells when the person signed in.
    pub(super) auth_time: bool,
}

impl Redeemed<'_> {
    /// Signs the tokens at the commit's revision, and answers. `random` is fresh, for each token its own.
    pub(super) fn respond(
        &self,
        call: &ClientCall,
        signer: &Signer,
        revision: Revision,
        [of_access, of_id]: [[u8; 16]; 2],
    ) -> Result<Response, TokenError> {
        let prepared = issue(self.permit, signer, of_access, Some(revision))?;
        let access_token = prepared.sign(signer)?;
        let ask = IdTokenAsk { nonce: self.nonce, auth_time: self.auth_time, access_token: &access_token };
        let with_id_token = self.permit.has_id_token();
        let id_token = with_id_token.then(|| id_token(self.permit, &ask, signer, of_id)).transpose()?;
        let issued = Issued {
            grant: self.grant,
            prepared: &prepared,
            signer,
            access_token: &access_token,
            user: Some((self.user.key.1.to_string(), &self.user.row.user_name)),
            refresh_token: self.refresh_token,
            id_token: id_token.as_deref(),
        };
        Ok(issued.respond(call))
    }
}
