//! Why no token is issued, and what the client is told (RFC 6749 §5.2).

use raft_store_core::StoreError;
use woad_http::services::NoRandomness;
use woad_http::{Code, OAuthError, Unavailable};
use woad_identity::audience::AudienceFault;
use woad_identity::code::RedeemError;
use woad_identity::grant::GrantDead;
use woad_identity::keys::{NoKey, SignError};
use woad_identity::refresh::RefreshError;
use woad_identity::scope::{ScopeFault, ScopeRefused};
use woad_identity::token::{IdTokenError, InvalidExpiresIn, IssueRefused};

use crate::client::NoClient;

/// See the module's documentation.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error("Missing grant type")]
    GrantMissing,
    #[error("Unsupported grant type")]
    GrantUnsupported,
    #[error("Missing parameter: {0}")]
    Missing(&'static str),
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
    Code(#[from] RedeemError),
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

impl TokenError {
    /// Whether it is no fault of the request's.
    pub(super) const fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Store(_) | Self::NoKey(_) | Self::Sign(_) | Self::Random(_) | Self::IdToken(IdTokenError::Sign(_))
        )
    }

    pub(super) fn into_error(self, client_id: &str) -> OAuthError {
        let text = self.to_string();
        match self {
            Self::GrantMissing | Self::Missing(_) | Self::ExpiresIn(_) | Self::Audience(AudienceFault::Malformed) => {
                OAuthError::new(Code::InvalidRequest, text)
            }
            Self::GrantUnsupported => OAuthError::new(Code::UnsupportedGrantType, text),
            Self::Audience(_) => OAuthError::new(Code::InvalidTarget, text),
            Self::Scope(_) => OAuthError::new(Code::InvalidScope, text),
            Self::Client(no_client) => no_client.into_error(client_id),
            Self::Refused(refused) => of_decision(&refused, client_id),
            Self::Code(error) => of_code(&error, client_id),
            Self::Refresh(error) => of_refresh(&error, client_id),
            Self::IdToken(IdTokenError::TooLarge) => OAuthError::new(Code::InvalidRequest, text),
            Self::IdToken(IdTokenError::NotPermitted | IdTokenError::Sign(_)) | Self::NoKey(_) | Self::Sign(_) => {
                tracing::error!(reason = %text, "a token could not be signed");
                OAuthError::new(Code::TemporarilyUnavailable, "Tokens can't be signed now")
            }
            Self::Store(error) => error.into(),
            Self::Random(none) => Unavailable::from(none).into(),
        }
    }
}

fn of_decision(refused: &IssueRefused, client_id: &str) -> OAuthError {
    let text = refused.to_string();
    match refused {
        IssueRefused::Scope(ScopeRefused::NotAllowed(scope)) => {
            OAuthError::new(Code::InvalidScope, format!("Scope '{scope}' not allowed for client '{client_id}'"))
        }
        IssueRefused::Scope(ScopeRefused::Fault(_)) | IssueRefused::Profile(_) => {
            OAuthError::new(Code::InvalidScope, text)
        }
        IssueRefused::Suspended => OAuthError::new(Code::InvalidClient, format!("Client {client_id} is suspended")),
        IssueRefused::Grant(_) | IssueRefused::PublicClient => OAuthError::new(Code::UnauthorizedClient, text),
        IssueRefused::UserGone | IssueRefused::UserInactive(_) => OAuthError::new(Code::InvalidGrant, text),
        IssueRefused::TooLarge => OAuthError::new(Code::InvalidRequest, text),
    }
}

/// What is wrong with a code is for logs: whoever tries one that leaked learns nothing.
fn of_code(error: &RedeemError, client_id: &str) -> OAuthError {
    let code_is_bad = || {
        tracing::info!(client = client_id, reason = %error, "code refused");
        OAuthError::new(Code::InvalidGrant, "Invalid authorization code")
    };
    match error {
        RedeemError::Reused => {
            tracing::warn!(client = client_id, "code used again: its grant has ended");
            OAuthError::new(Code::InvalidGrant, "Invalid authorization code")
        }
        RedeemError::Dead(dead @ GrantDead::UserInactive(_)) => OAuthError::new(Code::InvalidGrant, dead.to_string()),
        RedeemError::Unknown
        | RedeemError::OtherClient
        | RedeemError::RedirectUri
        | RedeemError::Verifier
        | RedeemError::Dead(_) => code_is_bad(),
        RedeemError::Audience => OAuthError::new(Code::InvalidTarget, error.to_string()),
        RedeemError::Refused(refused) => of_decision(refused, client_id),
    }
}

/// As with codes.
fn of_refresh(error: &RefreshError, client_id: &str) -> OAuthError {
    let token_is_bad = || {
        tracing::info!(client = client_id, reason = %error, "refresh token refused");
        OAuthError::new(Code::InvalidGrant, "Invalid refresh token")
    };
    match error {
        RefreshError::Reused => {
            tracing::warn!(client = client_id, "refresh token used again: its family has ended");
            OAuthError::new(Code::InvalidGrant, "Invalid refresh token")
        }
        RefreshError::Dead(dead @ GrantDead::UserInactive(_)) => OAuthError::new(Code::InvalidGrant, dead.to_string()),
        RefreshError::Unknown | RefreshError::OtherClient | RefreshError::Dead(_) => token_is_bad(),
        RefreshError::Scope(_) | RefreshError::NoScope => OAuthError::new(Code::InvalidScope, error.to_string()),
        RefreshError::Audience => OAuthError::new(Code::InvalidTarget, error.to_string()),
        RefreshError::Refused(refused) => of_decision(refused, client_id),
    }
}
