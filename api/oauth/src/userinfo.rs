//! `/userinfo` (OpenID Connect Core §5.3).

use axum::Json;
use axum::response::{IntoResponse, Response};
use raft_store_core::{Freshness, StoreError};
use woad_http::{BearerCall, BearerError, OAuthError, Services, Shape};
use woad_identity::token::{UserinfoRefused, userinfo};

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserinfoError {
    #[error(transparent)]
    Refused(#[from] UserinfoRefused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for UserinfoError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Store(error) => return OAuthError::from(error).into_response(),
            Self::Refused(UserinfoRefused::Inactive(_)) => BearerError::Invalid,
            Self::Refused(UserinfoRefused::NoUser) => BearerError::NoUser,
            Self::Refused(UserinfoRefused::NoOpenId) => BearerError::Scope { needed: "openid" },
        };
        error.respond(Shape::OAuth)
    }
}

/// From this replica's state, which has seen all that was acknowledged before the request came: the token was verified
/// in a linearizable view a moment ago.
pub(crate) async fn handle(services: Services, call: BearerCall) -> Result<Response, UserinfoError> {
    let request = call.incoming.context.request();
    let (realm, token) = (&call.realm, &call.bearer.token);
    let told = services.store.view(&request, Freshness::Local, |view| userinfo(view, realm, token)).await?;
    Ok(Json(told.answer?).into_response())
}
