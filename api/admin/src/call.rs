//! What an operation of the administration takes.

use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};
use raft_store_core::{Freshness, Request, Revision, Stored};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use woad_http::incoming::parse_json;
use woad_http::{BodyError, Form, Incoming, Problem, Rejection, Requirement, Requires, Shape, Unavailable};
use woad_identity::realm::{self, Realms};
use woad_identity::refusal::RefusalKind;
use woad_identity::{Actor, ClientId, RealmId};

use crate::lifecycle::Running;
use crate::{Admin, operator};

/// An answer, or the problem in its stead.
pub(crate) type Answer = Result<Response, Problem>;

/// An operator's request to the node, whether it is a member or not.
pub(crate) struct NodeCall {
    pub(crate) actor: Actor,
}

/// An operator's request to the cluster.
pub(crate) struct ClusterCall {
    pub(crate) running: Running,
    pub(crate) actor: Actor,
    pub(crate) request: Request,
    pub(crate) headers: HeaderMap,
    pub(crate) path: String,
    parameters: Vec<String>,
    query: Form,
    /// The body; empty where none was sent.
    pub(crate) body: Bytes,
}

fn actor(admin: &Admin, incoming: &Incoming) -> Result<Actor, Rejection> {
    let peer = incoming.context.peer;
    let who = operator::identify(peer, &incoming.parts.headers, admin.token.as_ref()).inspect_err(|_| {
        // Before there is a cluster there is nowhere to tell it.
        if let Some(running) = admin.lifecycle.running() {
            running.services.refusals.note(None, RefusalKind::Operator, "", peer.ip());
        }
    })?;
    Ok(Actor { who, address: peer.ip(), request_id: incoming.context.id.to_string() })
}

fn bad(error: &BodyError) -> Rejection {
    match error {
        BodyError::Refused(refused) => refused.respond(Shape::Problem).into(),
        other => Problem::new(StatusCode::BAD_REQUEST, other.to_string()).into(),
    }
}

async fn body(incoming: &mut Incoming) -> Result<Bytes, Rejection> {
    if incoming.has_body() { incoming.json_bytes().await.map_err(|error| bad(&error)) } else { Ok(Bytes::new()) }
}

impl Requirement<Admin> for NodeCall {
    const REQUIRES: Requires = Requires::Operator;

    async fn admit(admin: &Admin, mut incoming: Incoming) -> Result<Self, Rejection> {
        let actor = actor(admin, &incoming)?;
        if body(&mut incoming).await?.is_empty() { Ok(Self { actor }) } else { Err(no_body_wanted().into()) }
    }
}

fn no_body_wanted() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "This operation takes no body")
}

impl Requirement<Admin> for ClusterCall {
    const REQUIRES: Requires = Requires::Operator;

    async fn admit(admin: &Admin, mut incoming: Incoming) -> Result<Self, Rejection> {
        let actor = actor(admin, &incoming)?;
        let running = admin.lifecycle.running().ok_or_else(|| {
            let detail = "This node belongs to no running cluster: make one (woadctl cluster init), or join one";
            Problem::new(StatusCode::CONFLICT, detail).of_kind("uninitialised")
        })?;
        let parameters = incoming.path_parameters().await.map_err(|refused| refused.respond(Shape::Problem))?;
        let query = incoming.query().map_err(|error| bad(&error.into()))?;
        let body = body(&mut incoming).await?;
        let request = incoming.context.request();
        let path = incoming.parts.uri.path().to_owned();
        Ok(Self { running, actor, request, headers: incoming.parts.headers, path, parameters, query, body })
    }
}

impl ClusterCall {
    /// The body as strict JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.is_empty() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "A JSON body is required"));
        }
        parse_json(&self.body).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
    }

    /// The body as strict JSON, or the default where there is none.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        if self.body.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// Refuses a body.
    pub(crate) fn without_body(&self) -> Result<(), Problem> {
        if self.body.is_empty() { Ok(()) } else { Err(no_body_wanted()) }
    }

    /// A parameter of the path, by its place.
    pub(crate) fn parameter(&self, place: usize) -> &str {
        self.parameters.get(place).map_or("", String::as_str)
    }

    /// A number in the query.
    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64, Problem> {
        let wrong = || Problem::new(StatusCode::BAD_REQUEST, format!("{name} must be a whole number"));
        self.query.get(name).map_or(Ok(default), |text| text.parse().map_err(|_| wrong()))
    }

    /// Text in the query.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// The realm id in the path, its first parameter. One that can't be is not there.
    pub(crate) fn realm_id(&self) -> Result<RealmId, Problem> {
        RealmId::parse(self.parameter(0)).map_err(|_| no_realm())
    }

    /// The client id in the path, its second parameter.
    pub(crate) fn client_id(&self) -> Result<ClientId, Problem> {
        ClientId::parse(self.parameter(1)).map_err(|_| no_client())
    }

    /// The realm in the path, read linearizably.
    pub(crate) async fn realm(&self) -> Result<Stored<Realms>, Problem> {
        let id = self.realm_id()?;
        let store = &self.running.services.store;
        let done = store.view(&self.request, Freshness::Linearizable, |view| realm::get(view, &id)).await?;
        done.answer.ok_or_else(no_realm)
    }

    /// How many entries a page may have: the query's `count`, at most and by default `max`.
    pub(crate) fn page_size(&self, max: usize) -> Result<usize, Problem> {
        let count = usize::try_from(self.number("count", max as u64)?).unwrap_or(usize::MAX);
        let bad = || Problem::new(StatusCode::BAD_REQUEST, format!("count must be between 1 and {max}"));
        if (1..=max).contains(&count) { Ok(count) } else { Err(bad()) }
    }

    /// The revision in `If-Match`, as views show it, quoted (RFC 9110 §13.1.1). `None`: any will do.
    pub(crate) fn if_match(&self) -> Result<Option<Revision>, Problem> {
        let Some(value) = self.headers.get(IF_MATCH) else { return Ok(None) };
        if value == "*" {
            return Ok(None);
        }
        let revision = value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        let bad = || Problem::new(StatusCode::BAD_REQUEST, "If-Match must be a revision in double quotes, or *");
        revision.map(|revision| Some(Revision(revision))).ok_or_else(bad)
    }

    /// Fresh random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Problem> {
        self.running.services.random().map_err(|none| Unavailable::from(none).into())
    }
}

/// A field that stands in a body: null is refused, since it may mean either "unset" or "leave".
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Somebody changed the object since the revision that `If-Match` names.
pub(crate) fn changed_meanwhile(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, detail).of_kind("changed")
}

/// There is no such realm.
pub(crate) fn no_realm() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such realm").of_kind("no-such-realm")
}

/// There is no such client.
pub(crate) fn no_client() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such client").of_kind("no-such-client")
}

/// 200 with a JSON body.
pub(crate) fn ok(body: impl serde::Serialize) -> Response {
    Json(body).into_response()
}

/// 204.
pub(crate) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
