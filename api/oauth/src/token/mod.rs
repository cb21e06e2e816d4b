//! `POST /token` (RFC 6749 §3.2): one file a grant.

mod client_credentials;
mod code;
mod error;
mod person;
mod refresh;
mod respond;

use axum::response::Response;
use woad_http::{ClientCall, OAuthError, Services, TokenCall, TokenOutcome};
use woad_identity::audience::Audience;
use woad_identity::client::GrantType;
use woad_identity::token::parse_expires_in;

use error::TokenError;

/// The label of requests whose grant is not served.
const UNKNOWN_GRANT: &str = "unknown";

/// The grants that are served.
fn served(name: &str) -> Option<GrantType> {
    let served = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
    GrantType::by_name(name).filter(|grant| served.contains(grant))
}

/// What every grant may ask for.
struct Wanted {
    audience: Audience,
    expires_in: Option<u32>,
}

impl Wanted {
    fn of(call: &ClientCall) -> Result<Self, TokenError> {
        let all = |name| call.form.all(name);
        Ok(Self {
            audience: Audience::choose(&all("resource"), &all("aud"), &all("audience"))?,
            expires_in: call.form.get("expires_in").map(parse_expires_in).transpose()?,
        })
    }
}

async fn grant(services: &Services, call: &ClientCall) -> Result<Response, TokenError> {
    let name = call.form.get("grant_type").ok_or(TokenError::GrantMissing)?;
    let grant = served(name).ok_or(TokenError::GrantUnsupported)?;
    let wanted = Wanted::of(call)?;
    match grant {
        GrantType::AuthorizationCode => code::grant(services, call, &wanted).await,
        GrantType::RefreshToken => refresh::grant(services, call, &wanted).await,
        _ => client_credentials::grant(services, call, &wanted).await,
    }
}

/// See the module's documentation.
pub(crate) async fn handle(services: Services, TokenCall(call): TokenCall) -> Result<Response, OAuthError> {
    let answer = grant(&services, &call).await;
    let label = call.form.get("grant_type").and_then(served).map_or(UNKNOWN_GRANT, GrantType::name);
    let outcome = match &answer {
        Ok(_) => TokenOutcome::Issued,
        Err(error) if error.is_ours() => TokenOutcome::Unavailable,
        Err(_) => TokenOutcome::Refused,
    };
    services.metrics.token(label, outcome);
    if let Err(TokenError::Client(no_client)) = &answer {
        no_client.note(&services, &call);
    }
    answer.map_err(|error| error.into_error(&call.credentials.client_id))
}
