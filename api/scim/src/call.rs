//! Requests whose token allows what they ask for.

use bytes::Bytes;
use http::Method;
use raft_store_core::{Abort, Freshness, Stored, Tx};
use serde_json::{Map, Value};
use woad_http::limits::MAX_JSON_BYTES;
use woad_http::media::Media;
use woad_http::{
    Accepts, Bearer, BearerCall, BearerError, Form, Incoming, Rejection, Requirement, Requires, Services, Shape,
};
use woad_identity::realm::{self, Realms};
use woad_identity::{Actor, RealmId, discovery};

use crate::etag::Conditions;
use crate::fault::Fault;
use crate::json;
use crate::projection::Names;

/// The scope that reads.
pub(crate) const READ: &str = "scim:read";
const WRITE: &str = "scim:write";

/// A request and who makes it.
pub(crate) struct Call {
    /// The token, its client and its person.
    pub(crate) bearer: Bearer,
    /// Who acts.
    pub(crate) actor: Actor,
    /// The realm's id.
    pub(crate) realm: RealmId,
    /// The protocol's base URL.
    pub(crate) base: String,
    /// The head.
    pub(crate) parts: http::request::Parts,
    /// The query.
    pub(crate) query: Form,
    context: woad_http::RequestContext,
    parameters: Vec<String>,
    body: Bytes,
}

impl Call {
    async fn take(services: &Services, incoming: Incoming, scope: Option<&'static str>) -> Result<Self, Rejection> {
        let call = BearerCall::take(services, incoming, Accepts::Header, Shape::Scim).await?;
        if let Some(scope) = scope {
            call.require(scope).map_err(|error| Rejection::from(error.respond(Shape::Scim)))?;
        }
        let actor = call.actor();
        let BearerCall { mut incoming, realm, bearer, .. } = call;
        let parameters = incoming.path_parameters().await.map_err(|refused| refused.respond(Shape::Scim))?;
        let query = incoming.query().map_err(Fault::from)?;
        let body = if matches!(incoming.parts.method, Method::POST | Method::PUT | Method::PATCH) {
            incoming.bytes(Media::Scim, MAX_JSON_BYTES).await.map_err(Fault::from)?
        } else {
            Bytes::new()
        };
        let base = base_of(&realm);
        let Incoming { context, parts, .. } = incoming;
        Ok(Self { bearer, actor, realm: realm.key, base, parts, query, context, parameters, body })
    }

    /// What the store is given with this request.
    pub(crate) fn request(&self) -> raft_store_core::Request {
        self.context.request()
    }

    /// The parameter of the path.
    pub(crate) fn parameter(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }

    /// The body as a strict JSON object.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, Fault> {
        Ok(json::parse(&self.body)?)
    }

    /// `If-Match` and `If-None-Match`.
    pub(crate) fn conditions(&self) -> Result<Conditions, Fault> {
        Ok(Conditions::of(&self.parts.headers)?)
    }

    /// `attributes` and `excludedAttributes` of the query.
    pub(crate) fn names(&self) -> Names {
        Names::of_query(self.query.get("attributes"), self.query.get("excludedAttributes"))
    }

    /// Whether the query has this parameter, be it empty.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        let query = self.parts.uri.query().unwrap_or_default();
        query.split('&').any(|pair| pair.split('=').next() == Some(name))
    }

    /// Reads what is true now, on every replica.
    pub(crate) async fn view<A: Send>(
        &self,
        services: &Services,
        f: impl FnMut(&raft_store_core::View<'_>) -> Result<A, Abort> + Send,
    ) -> Result<A, Fault> {
        Ok(services.store.view(&self.request(), Freshness::Linearizable, f).await?.answer)
    }

    /// The realm, and that the token still allows writing, in the transaction that rests on both.
    ///
    /// # Errors
    /// Inner: it does not.
    pub(crate) fn admitted(&self, tx: &Tx<'_>) -> Result<Result<Stored<Realms>, BearerError>, Abort> {
        let Some(realm) = realm::get(tx, &self.realm)? else { return Ok(Err(BearerError::Invalid)) };
        Ok(match self.bearer.again(tx, &realm)? {
            Ok(bearer) => bearer.require(WRITE).map(|()| realm),
            Err(_) => Err(BearerError::Invalid),
        })
    }
}

/// Where the protocol is, at a realm.
pub(crate) fn base_of(realm: &Stored<Realms>) -> String {
    discovery::endpoint(&realm.row.issuer, "/scim/v2")
}

/// A [`Call`] whose token has `scim:read`.
pub(crate) struct ReadCall(pub(crate) Call);

impl Requirement<Services> for ReadCall {
    const REQUIRES: Requires = Requires::AccessToken;

    async fn admit(services: &Services, incoming: Incoming) -> Result<Self, Rejection> {
        Call::take(services, incoming, Some(READ)).await.map(Self)
    }
}

/// A [`Call`] whose token has `scim:write`.
pub(crate) struct WriteCall(pub(crate) Call);

impl Requirement<Services> for WriteCall {
    const REQUIRES: Requires = Requires::AccessToken;

    async fn admit(services: &Services, incoming: Incoming) -> Result<Self, Rejection> {
        Call::take(services, incoming, Some(WRITE)).await.map(Self)
    }
}

/// A [`Call`] with any token. For a person's own record alone.
pub(crate) struct OwnCall(pub(crate) Call);

impl Requirement<Services> for OwnCall {
    const REQUIRES: Requires = Requires::AccessToken;

    async fn admit(services: &Services, incoming: Incoming) -> Result<Self, Rejection> {
        Call::take(services, incoming, None).await.map(Self)
    }
}
