//! `/Me`: the record of the person that the token speaks of (RFC 7644 §3.11). Any token reads of it what its scopes
//! tell at userinfo as well, and all with `scim:read`: an application that was given `openid` alone learns no address
//! here either. To change it takes `scim:write`, and then only what people may change of themselves.

use axum::response::Response;
use woad_http::{Bearer, BearerError, Services};

use crate::call::{Call, OwnCall, READ, WriteCall};
use crate::fault::Fault;
use crate::users::{self, Whose};

/// `GET /Me`.
pub(crate) async fn read(services: Services, OwnCall(call): OwnCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::read(&services, &call, whose.id(), |name| is_told(&call.bearer, name)).await
}

/// Whether the token's scopes tell of an attribute (OpenID Connect Core §5.4).
fn is_told(bearer: &Bearer, name: &str) -> bool {
    let scopes: &[&str] = match name {
        "schemas" | "id" | "meta" | "active" => return true,
        "userName" | "name" | "displayName" | "nickName" | "profileUrl" | "photos" | "preferredLanguage" | "locale"
        | "timezone" | "groups" => &["profile", READ],
        "emails" => &["email", READ],
        "phoneNumbers" => &["phone", READ],
        "addresses" => &["address", READ],
        _ => &[READ],
    };
    scopes.iter().any(|scope| bearer.may(scope))
}

/// `PUT /Me`.
pub(crate) async fn replace(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::replace(&services, &call, whose).await
}

/// `PATCH /Me`.
pub(crate) async fn patch(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::patch(&services, &call, whose).await
}

/// `DELETE /Me`.
pub(crate) async fn delete(services: Services, WriteCall(call): WriteCall) -> Result<Response, Fault> {
    let whose = own(&call)?;
    users::delete(&services, &call, whose).await
}

fn own(call: &Call) -> Result<Whose, BearerError> {
    Ok(Whose::Own(call.bearer.person()?.key.1))
}
