//! The requirement that a caller presents an access token.

use raft_store_core::{Abort, Freshness, Read, Stored};
use woad_identity::Actor;
use woad_identity::client::Clients;
use woad_identity::keys::TokenFault;
use woad_identity::realm::{self, Realms};
use woad_identity::scope::{Held, Scope, ScopeList};
use woad_identity::token::{self, Inactive, VerifiedToken, WLCG_ANY_AUDIENCE};
use woad_identity::user::Users;

use super::error::BearerError;
use super::presented;
use crate::context::{self, NoRealm};
use crate::error::{OAuthError, Problem, ScimError, Shape, Unavailable};
use crate::form::Form;
use crate::incoming::{BodyError, Incoming, Rejection};
use crate::media::Media;
use crate::route::{Requirement, Requires};
use crate::services::Services;

/// Where a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// In the `Authorization` header alone; the body is left as it is.
    Header,
    /// In the header, or in a posted form (RFC 6750 §2.2).
    HeaderOrForm,
}

/// A token that was verified, with its client and its person, at one state. Can only be had from a [`BearerCall`].
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The token.
    pub token: VerifiedToken,
    /// The client it was issued to.
    pub client: Stored<Clients>,
    /// The person it speaks of; a token of client credentials speaks of none.
    pub user: Option<Stored<Users>>,
    /// What it allows now: of a person's, what they could still be given.
    pub scopes: ScopeList,
}

impl Bearer {
    /// What stands behind a token's text.
    fn verify(
        services: &Services,
        read: &impl Read,
        realm: &Stored<Realms>,
        text: &str,
    ) -> Result<Result<Self, Refusal>, Abort> {
        let token = match token::verify(read, realm, &services.keys, text)? {
            Ok(token) => token,
            Err(fault) => return Ok(Err(Refusal::Fault(fault))),
        };
        if !is_for_us(&token, realm) {
            return Ok(Err(Refusal::Audience));
        }
        Ok(Self::of(read, realm, token)?.map_err(Refusal::Inactive))
    }

    fn of(read: &impl Read, realm: &Stored<Realms>, token: VerifiedToken) -> Result<Result<Self, Inactive>, Abort> {
        let live = match token::live(read, &realm.key, &token)? {
            Ok(live) => live,
            Err(inactive) => return Ok(Err(inactive)),
        };
        let scopes = token::present_scopes(read, realm, &live, &token)?;
        Ok(Ok(Self { token, client: live.client, user: live.user, scopes }))
    }

    /// The same token at another state, with the scopes that it allows there. An operation that writes asks again in
    /// its own transaction, so that what it does conflicts with a suspension that commits first.
    ///
    /// # Errors
    /// Inner: see [`Inactive`]. Outer: when storage fails.
    pub fn again(&self, read: &impl Read, realm: &Stored<Realms>) -> Result<Result<Self, Inactive>, Abort> {
        Self::of(read, realm, self.token.clone())
    }

    /// Whether a scope of the token allows `scope`.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        Scope::parse(scope).is_ok_and(|scope| Held::new(&self.scopes).allow(&scope))
    }

    /// Asks for a scope.
    ///
    /// # Errors
    /// [`BearerError::Scope`].
    pub fn require(&self, scope: &'static str) -> Result<(), BearerError> {
        if self.may(scope) { Ok(()) } else { Err(BearerError::Scope { needed: scope }) }
    }

    /// The person that the token speaks of.
    ///
    /// # Errors
    /// [`BearerError::NoUser`].
    pub fn person(&self) -> Result<&Stored<Users>, BearerError> {
        self.user.as_ref().ok_or(BearerError::NoUser)
    }
}

/// Whether a token may be used at our own APIs: it names no audience, us, or everyone (design: tokens).
fn is_for_us(token: &VerifiedToken, realm: &Stored<Realms>) -> bool {
    let audiences = token.claims.aud.as_ref().map_or(&[][..], |aud| aud.values());
    audiences.is_empty() || audiences.iter().any(|aud| *aud == realm.row.issuer || aud == WLCG_ANY_AUDIENCE)
}

/// Why a token opens nothing, for logs.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Fault(TokenFault),
    #[error(transparent)]
    Inactive(Inactive),
    #[error("token of another audience")]
    Audience,
    #[error("realm is gone")]
    RealmGone,
}

/// A request with an access token that counts.
pub struct BearerCall {
    /// The request: its context, its head, and its body unless the token was in it.
    pub incoming: Incoming,
    /// The realm that its host names. An operation reads it again in its own view.
    pub realm: Stored<Realms>,
    /// The token.
    pub bearer: Bearer,
    /// What was posted as a form, where one was looked at.
    pub form: Form,
}

impl BearerCall {
    /// Admits a request by its token, which is verified linearizably: no replica takes one that another has ended.
    ///
    /// # Errors
    /// The answer in the endpoint's shape.
    pub async fn take(
        services: &Services,
        mut incoming: Incoming,
        accepts: Accepts,
        shape: Shape,
    ) -> Result<Self, Rejection> {
        let realm = context::realm(services, &incoming.context, &incoming.parts).await;
        let realm = realm.map_err(|error| match error {
            NoRealm::Refused(refused) => refused.respond(shape).into(),
            NoRealm::Store(error) => unavailable(error.into(), shape),
        })?;
        let form = if accepts == Accepts::HeaderOrForm { form(&mut incoming, shape).await? } else { None };
        let refused = |error: BearerError| -> Rejection { error.respond(shape).into() };
        let text = presented::one(&incoming.parts.headers, form.as_ref()).map_err(refused)?;
        services.guard(&incoming.context, "", text).map_err(|refused| Rejection::from(refused.respond(shape)))?;
        let request = incoming.context.request();
        let verified =
            services.store.view(&request, Freshness::Linearizable, |view| match realm::get(view, &realm.key)? {
                Some(realm) => Ok(Bearer::verify(services, view, &realm, text)?.map(|bearer| (realm, bearer))),
                None => Ok(Err(Refusal::RealmGone)),
            });
        match verified.await {
            Ok(done) => match done.answer {
                Ok((realm, bearer)) => Ok(Self { realm, bearer, form: form.unwrap_or_default(), incoming }),
                Err(reason) => {
                    tracing::info!(%reason, "access token refused");
                    if matches!(reason, Refusal::Inactive(_) | Refusal::Audience) {
                        incoming.context.presented.is_genuine();
                    }
                    Err(refused(BearerError::Invalid))
                }
            },
            Err(error) => Err(unavailable(error.into(), shape)),
        }
    }

    /// Asks for a scope.
    ///
    /// # Errors
    /// [`BearerError::Scope`].
    pub fn require(&self, scope: &'static str) -> Result<(), BearerError> {
        self.bearer.require(scope)
    }

    /// Who acts: the person of the token, else its client.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let (address, request) = (self.incoming.context.client(), self.incoming.context.id.as_ref());
        match &self.bearer.user {
            Some(user) => Actor::user(user.key.1, address, request),
            None => Actor::client(&self.bearer.token.client, address, request),
        }
    }
}

/// The posted form, where there is one. A body of another type holds no token, and is left as it is.
async fn form(incoming: &mut Incoming, shape: Shape) -> Result<Option<Form>, Rejection> {
    if incoming.parts.method != http::Method::POST || Media::Form.check(&incoming.parts.headers).is_err() {
        return Ok(None);
    }
    match incoming.form().await {
        Ok(form) => Ok(Some(form)),
        Err(BodyError::Refused(refused)) => Err(refused.respond(shape).into()),
        Err(BodyError::Form(_) | BodyError::Json { .. }) => Err(BearerError::Malformed.respond(shape).into()),
    }
}

fn unavailable(why: Unavailable, shape: Shape) -> Rejection {
    match shape {
        Shape::OAuth => OAuthError::from(why).into(),
        Shape::Problem => Problem::from(why).into(),
        Shape::Scim => ScimError::from(why).into(),
    }
}

impl<S: AsRef<Services> + Sync> Requirement<S> for BearerCall {
    const REQUIRES: Requires = Requires::AccessToken;

    /// In the header or in a posted form, with OAuth's errors: as userinfo takes it.
    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        Self::take(state.as_ref(), incoming, Accepts::HeaderOrForm, Shape::OAuth).await
    }
}

/// A [`BearerCall`] with SCIM's errors; the token is in the header, and the body left for the operation.
pub struct ScimCall(pub BearerCall);

impl<S: AsRef<Services> + Sync> Requirement<S> for ScimCall {
    const REQUIRES: Requires = Requires::AccessToken;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        BearerCall::take(state.as_ref(), incoming, Accepts::Header, Shape::Scim).await.map(Self)
    }
}
