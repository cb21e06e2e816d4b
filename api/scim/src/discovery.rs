//! What the provider offers (RFC 7644 §4). Open to all: it says nothing of anybody, and a client may need it before it
//! has a token. A filter is refused, as that section has it.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use woad_http::context::NoRealm;
use woad_http::{Incoming, Rejection, Requirement, Requires, Services, Shape, context};

use crate::answer;
use crate::call::base_of;
use crate::fault::Fault;
use crate::schema::{SCHEMAS, Schema, TYPES, schema_json, service_provider_config};

/// Anyone's request for a document.
pub(crate) struct DocumentCall {
    base: String,
    parameter: String,
}

impl Requirement<Services> for DocumentCall {
    const REQUIRES: Requires = Requires::Public;

    async fn admit(services: &Services, mut incoming: Incoming) -> Result<Self, Rejection> {
        let realm =
            context::realm(services, &incoming.context, &incoming.parts).await.map_err(|error| match error {
                NoRealm::Refused(refused) => Fault::from(refused),
                NoRealm::Store(error) => Fault::from(error),
            })?;
        let parameters = incoming.path_parameters().await.map_err(|refused| refused.respond(Shape::Scim))?;
        let query = incoming.query().map_err(Fault::from)?;
        if query.has("filter") {
            return Err(Fault::status(StatusCode::FORBIDDEN, "What is offered is not filtered").into());
        }
        Ok(Self { base: base_of(&realm), parameter: parameters.into_iter().next().unwrap_or_default() })
    }
}

/// `/ServiceProviderConfig`.
pub(crate) async fn config(_: Services, call: DocumentCall) -> Response {
    answer::json(StatusCode::OK, &service_provider_config(&call.base))
}

/// `/Schemas`.
pub(crate) async fn schemas(_: Services, call: DocumentCall) -> Response {
    list(&SCHEMAS.map(|schema| schema_json(schema, &call.base)))
}

/// `/Schemas/{id}`.
pub(crate) async fn schema(_: Services, call: DocumentCall) -> Result<Response, Fault> {
    let named = |schema: &&&Schema| schema.id.eq_ignore_ascii_case(&call.parameter);
    let schema = SCHEMAS.iter().find(named).ok_or_else(Fault::not_found)?;
    Ok(answer::json(StatusCode::OK, &schema_json(schema, &call.base)))
}

/// `/ResourceTypes`.
pub(crate) async fn resource_types(_: Services, call: DocumentCall) -> Response {
    list(&TYPES.map(|kind| kind.json(&call.base)))
}

/// `/ResourceTypes/{id}`.
pub(crate) async fn resource_type(_: Services, call: DocumentCall) -> Result<Response, Fault> {
    let kind = TYPES.iter().find(|kind| kind.name == call.parameter).ok_or_else(Fault::not_found)?;
    Ok(answer::json(StatusCode::OK, &kind.json(&call.base)))
}

fn list(resources: &[Value]) -> Response {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer::json(StatusCode::OK, &body)
}
