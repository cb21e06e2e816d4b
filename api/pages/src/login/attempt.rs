//! An attempt to sign in: counted, then verified, then a session.

use http::header::USER_AGENT;
use raft_store_core::Outcome;
use woad_http::cookie;
use woad_identity::UserId;
use woad_identity::opaque::OpaqueToken;
use woad_identity::password::Verified;
use woad_identity::realm;
use woad_identity::refusal::RefusalKind;
use woad_identity::session::{Amr, SessionSeed};
use woad_identity::signin::{self, Attempt, NewSession, Proof, SignInRefused, SignedIn, Throttled};
use zeroize::Zeroizing;

use crate::error::PageError;
use crate::visit::Visit;

/// Why nobody is signed in, as its log line says.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSignedIn {
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Refused(#[from] SignInRefused),
    #[error("realm is gone")]
    RealmGone,
}

/// Counts an attempt before anyone looks at its password.
pub(crate) async fn begin(visit: &Visit, login: &str) -> Result<Result<Attempt, Throttled>, PageError> {
    let actor = visit.call.anonymous();
    let device = visit.call.cookie(cookie::DEVICE);
    visit.transact(|tx| signin::begin(tx, &visit.call.realm.key, login, device, &actor)).await
}

/// Whether the password is the right one. An attempt whose password nobody could look at, for want of room, is taken
/// back: whoever keeps the pool full must not keep people out with it.
pub(crate) async fn verify(
    visit: &Visit,
    attempt: &Attempt,
    password: Zeroizing<String>,
) -> Result<Verified, PageError> {
    match visit.services.passwords.verify(attempt.hash(), password).await {
        Ok(verified) => Ok(verified),
        Err(error) => {
            visit.transact(|tx| signin::withdraw(tx, attempt).map(Outcome::Commit)).await?;
            Err(visit.unavailable(error))
        }
    }
}

/// Counts a refusal for the realm's audit chain. What nobody is known by is not told: people type passwords there.
pub(crate) fn note(visit: &Visit, kind: RefusalKind, user: Option<UserId>) {
    let subject = user.map(|user| user.to_string()).unwrap_or_default();
    visit.services.refusals.note(Some(&visit.call.realm.key), kind, &subject, visit.call.context.client());
}

/// Counts the attempt, verifies the password, begins the session.
pub(super) async fn sign_in(
    visit: &Visit,
    login: &str,
    password: Zeroizing<String>,
) -> Result<Result<(OpaqueToken, SignedIn), NotSignedIn>, PageError> {
    let attempt = match begin(visit, login).await? {
        Ok(attempt) => attempt,
        Err(throttled) => {
            note(visit, RefusalKind::SignInDelayed, None);
            return Ok(Err(throttled.into()));
        }
    };
    let verified = verify(visit, &attempt, password.clone()).await?;
    // A stronger hash is worth having, not worth refusing somebody for.
    let rehash = if verified.needs_rehash {
        visit.services.passwords.hash(password, visit.random()?).await.ok().and_then(Result::ok)
    } else {
        None
    };
    let proof = Proof { verified: verified.ok, rehash };
    let token = OpaqueToken::from_random(&visit.random()?);
    let agent = visit.call.parts.headers.get(USER_AGENT);
    let new = NewSession {
        seed: SessionSeed {
            hash: token.hash(),
            amr: vec![Amr::Password],
            address: visit.call.context.client(),
            user_agent: agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned(),
        },
        old: visit.call.session,
        device: visit.random()?,
    };
    let actor = visit.call.anonymous();
    let done = visit
        .transact(|tx| {
            let Some(realm) = realm::get(tx, &visit.call.realm.key)? else {
                return Ok(Outcome::Answer(Err(NotSignedIn::RealmGone)));
            };
            Ok(match signin::complete(tx, &realm, &attempt, &proof, &new, &actor)? {
                Outcome::Commit(done) => Outcome::Commit(done.map_err(NotSignedIn::from)),
                Outcome::Answer(done) => Outcome::Answer(done.map_err(NotSignedIn::from)),
            })
        })
        .await?;
    if done.is_err() {
        note(visit, RefusalKind::SignIn, attempt.user());
    }
    Ok(done.map(|signed_in| (token, signed_in)))
}
