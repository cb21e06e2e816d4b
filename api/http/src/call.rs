//! The requirements that protocols share.

use raft_store_core::Stored;
use woad_identity::realm::Realms;

use crate::context::{self, NoRealm, RequestContext};
use crate::credentials::Credentials;
use crate::error::{Code, OAuthError, Refused, Shape};
use crate::form::Form;
use crate::incoming::{BodyError, Incoming, Rejection};
use crate::route::{Requirement, Requires};
use crate::services::Services;

/// Anyone's request to a realm.
pub struct PublicCall {
    /// Its context.
    pub context: RequestContext,
    /// The realm that its host names, as this replica knows it.
    pub realm: Stored<Realms>,
    /// Its head.
    pub parts: http::request::Parts,
}

impl<S: AsRef<Services> + Sync> Requirement<S> for PublicCall {
    const REQUIRES: Requires = Requires::Public;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        let Incoming { context, parts, .. } = incoming;
        let realm = context::realm(state.as_ref(), &context, &parts).await.map_err(no_realm)?;
        Ok(Self { context, realm, parts })
    }
}

/// A form posted by a client that presents credentials, as yet unproved.
pub struct ClientCall {
    /// Its context.
    pub context: RequestContext,
    /// The realm that its host names, as this replica knows it. An operation reads it again in its own view.
    pub realm: Stored<Realms>,
    /// Who the client says it is.
    pub credentials: Credentials,
    /// The parameters.
    pub form: Form,
}

impl ClientCall {
    async fn take(services: &Services, mut incoming: Incoming, wrong_media: OAuthError) -> Result<Self, Rejection> {
        let realm = context::realm(services, &incoming.context, &incoming.parts).await.map_err(no_realm)?;
        if incoming.parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(Refused::Query.respond(Shape::OAuth).into());
        }
        let form = incoming.form().await.map_err(|error| match error {
            BodyError::Refused(Refused::MediaType) => wrong_media.into(),
            BodyError::Refused(refused) => Rejection::from(refused.respond(Shape::OAuth)),
            other => OAuthError::new(Code::InvalidRequest, other.to_string()).into(),
        })?;
        let credentials = Credentials::of(&incoming.parts.headers, &form).map_err(OAuthError::from)?;
        if let Some(secret) = &credentials.secret {
            let guarded = services.guard(&incoming.context, &credentials.client_id, secret);
            guarded.map_err(|refused| Rejection::from(refused.respond(Shape::OAuth)))?;
        }
        Ok(Self { context: incoming.context, realm, credentials, form })
    }
}

impl<S: AsRef<Services> + Sync> Requirement<S> for ClientCall {
    const REQUIRES: Requires = Requires::ClientCredentials;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        let wrong_media = OAuthError::new(Code::InvalidRequest, Refused::MediaType.to_string())
            .with_status(Refused::MediaType.status());
        Self::take(state.as_ref(), incoming, wrong_media).await
    }
}

/// A [`ClientCall`] at the token endpoint, whose every fault of form is 400 (RFC 6749 §5.2).
pub struct TokenCall(pub ClientCall);

impl<S: AsRef<Services> + Sync> Requirement<S> for TokenCall {
    const REQUIRES: Requires = Requires::ClientCredentials;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        let wrong_media = OAuthError::new(Code::InvalidRequest, Refused::MediaType.to_string());
        ClientCall::take(state.as_ref(), incoming, wrong_media).await.map(Self)
    }
}

fn no_realm(error: NoRealm) -> Rejection {
    match error {
        NoRealm::Refused(refused) => refused.respond(Shape::OAuth).into(),
        NoRealm::Store(error) => OAuthError::from(error).into(),
    }
}
