//! `POST /token` (RFC 6749 §3.2), for now with the client credentials grant (§4.4).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use raft_store_core::{Abort, Freshness, Read, StoreError};
use serde::Serialize;
use woad_http::{ClientCall, Code, OAuthError, Services, TokenCall, TokenOutcome};
use woad_identity::audience::{Audience, AudienceFault};
use woad_identity::client::GrantType;
use woad_identity::keys::{NoKey, SignError, Signer};
use woad_identity::scope::{ScopeFault, ScopeList, ScopeRefused};
use woad_identity::token::{
    Ask, InvalidExpiresIn, IssueRefused, PreparedToken, Subject, decide, issue, parse_expires_in,
};

use crate::client::{NoClient, prove};

/// The label of requests whose grant is not served.
const UNKNOWN_GRANT: &str = "unknown";

/// What is said instead of a refusal that only a quorum could confirm.
const ASK_AGAIN: StoreError = StoreError::NotDone { retry: Duration::from_secs(1) };

/// Why no token is issued.
#[derive(Debug, thiserror::Error)]
enum TokenError {
    #[error("Missing grant type")]
    GrantMissing,
    #[error("Unsupported grant type")]
    GrantUnsupported,
    #[error(transparent)]
    Scope(#[from] ScopeFault),
    #[error(transparent)]
    Audience(#[from] AudienceFault),
    #[error(transparent)]
    ExpiresIn(#[from] InvalidExpiresIn),
    #[error(transparent)]
    Client(#[from] NoClient),
    #[error(transparent)]
    Refused(#[from] IssueRefused),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Random(#[from] woad_http::services::NoRandomness),
}

impl TokenError {
    fn into_error(self, client_id: &str) -> OAuthError {
        let text = self.to_string();
        match self {
            Self::GrantMissing | Self::ExpiresIn(_) | Self::Audience(AudienceFault::Malformed) => {
                OAuthError::new(Code::InvalidRequest, text)
            }
            Self::GrantUnsupported => OAuthError::new(Code::UnsupportedGrantType, text),
            Self::Audience(_) => OAuthError::new(Code::InvalidTarget, text),
            Self::Scope(_) => OAuthError::new(Code::InvalidScope, text),
            Self::Client(no_client) => no_client.into_error(client_id),
            Self::Refused(IssueRefused::Scope(ScopeRefused::NotAllowed(scope))) => {
                let text = format!("Scope '{scope}' not allowed for client '{client_id}'");
                OAuthError::new(Code::InvalidScope, text)
            }
            Self::Refused(IssueRefused::Scope(ScopeRefused::Fault(_)) | IssueRefused::Profile(_)) => {
                OAuthError::new(Code::InvalidScope, text)
            }
            Self::Refused(IssueRefused::Suspended) => {
                OAuthError::new(Code::InvalidClient, format!("Client {client_id} is suspended"))
            }
            Self::Refused(IssueRefused::Grant(_) | IssueRefused::PublicClient) => {
                OAuthError::new(Code::UnauthorizedClient, text)
            }
            Self::Refused(IssueRefused::TooLarge) => OAuthError::new(Code::InvalidRequest, text),
            Self::NoKey(_) | Self::Sign(_) => {
                tracing::error!(reason = %text, "a token could not be signed");
                OAuthError::new(Code::TemporarilyUnavailable, "Tokens can't be signed now")
            }
            Self::Store(error) => error.into(),
            Self::Random(none) => woad_http::Unavailable::from(none).into(),
        }
    }
}

/// RFC 6749 §5.1. Members in INDIGO's order.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

/// What is asked for, parsed.
struct Wanted {
    scopes: Option<ScopeList>,
    audience: Audience,
    expires_in: Option<u32>,
}

impl Wanted {
    fn of(call: &ClientCall) -> Result<Self, TokenError> {
        match call.form.get("grant_type") {
            None => return Err(TokenError::GrantMissing),
            Some(name) if name == GrantType::ClientCredentials.name() => {}
            Some(_) => return Err(TokenError::GrantUnsupported),
        }
        let all = |name| call.form.all(name);
        Ok(Self {
            scopes: call.form.get("scope").map(ScopeList::parse).transpose()?,
            audience: Audience::choose(&all("resource"), &all("aud"), &all("audience"))?,
            expires_in: call.form.get("expires_in").map(parse_expires_in).transpose()?,
        })
    }

    /// Everything that is read for a token, in one view.
    fn decide(
        &self,
        services: &Services,
        read: &impl Read,
        call: &ClientCall,
        random: [u8; 16],
    ) -> Result<Result<(PreparedToken, Arc<Signer>), TokenError>, Abort> {
        let (realm, client) = match prove(read, call)? {
            Ok(proved) => proved,
            Err(error) => return Ok(Err(error.into())),
        };
        let ask = Ask {
            client: &client,
            subject: Subject::Client,
            grant: GrantType::ClientCredentials,
            scopes: self.scopes.as_ref(),
            audience: &self.audience,
            expires_in: self.expires_in,
        };
        let permit = match decide(read, &realm, &ask)? {
            Ok(permit) => permit,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let signer = match services.keys.signer(read, &realm.key, realm.row.access_token_alg()?)? {
            Ok(signer) => signer,
            Err(no_key) => return Ok(Err(no_key.into())),
        };
        Ok(issue(&permit, &signer, random).map(|prepared| (prepared, signer)).map_err(TokenError::from))
    }
}

async fn grant(services: &Services, call: &ClientCall) -> Result<Response, TokenError> {
    let wanted = Wanted::of(call)?;
    let random = services.random()?;
    let fresh = Freshness::Issuing { grace: call.realm.row.grace() };
    let request = call.context.request();
    let decided = services.store.view(&request, fresh, |view| wanted.decide(services, view, call, random)).await?;
    // The grace lets tokens be issued. A refusal that rests on old state may be wrong by now (a new secret, a client
    // made a moment ago), and a client takes it for final.
    let refused = |refusal: TokenError| if decided.age.is_zero() { refusal } else { ASK_AGAIN.into() };
    let (prepared, signer) = decided.answer.map_err(refused)?;
    let token = prepared.sign(&signer)?;
    tracing::info!(
        target: "woad::issued",
        realm = %call.realm.key,
        client_id = %call.credentials.client_id,
        sub = %call.credentials.client_id,
        grant_type = GrantType::ClientCredentials.name(),
        scope = %prepared.scopes,
        jti = %prepared.jti,
        exp = prepared.exp,
        kid = %signer.kid(),
        request_id = %call.context.id,
        peer = call.context.peer.ip().map(tracing::field::display),
        "access token issued"
    );
    let scope = prepared.scopes.to_string();
    let body = TokenResponse { access_token: &token, token_type: "Bearer", expires_in: prepared.expires_in, scope };
    Ok(Json(body).into_response())
}

/// Writes nothing: a token costs one view and one signature.
pub(crate) async fn handle(services: Services, TokenCall(call): TokenCall) -> Result<Response, OAuthError> {
    let answer = grant(&services, &call).await;
    let label = match &answer {
        Err(TokenError::GrantMissing | TokenError::GrantUnsupported) => UNKNOWN_GRANT,
        _ => GrantType::ClientCredentials.name(),
    };
    let outcome = match &answer {
        Ok(_) => TokenOutcome::Issued,
        Err(TokenError::Store(_) | TokenError::NoKey(_) | TokenError::Sign(_) | TokenError::Random(_)) => {
            TokenOutcome::Unavailable
        }
        Err(_) => TokenOutcome::Refused,
    };
    services.metrics.token(label, outcome);
    answer.map_err(|error| error.into_error(&call.credentials.client_id))
}
