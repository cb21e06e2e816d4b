//! What can be wrong with an authorization request, and who is told.
//!
//! As long as it is not certain that the redirect URI is the client's, the person is told, on a page of ours: whoever
//! wrote the link must not be able to send anybody anywhere. After that the client is told, by redirect.

use crate::ids::ClientId;
use crate::token::IssueRefused;

/// What only the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// No `client_id`.
    #[error("client_id is missing")]
    ClientMissing,
    /// No client of this id.
    #[error("client_id is unknown")]
    ClientUnknown,
    /// The client is disabled.
    #[error("the client is suspended")]
    ClientSuspended,
    /// `client_id` or `redirect_uri` stands twice.
    #[error("{0} is repeated")]
    Repeated(&'static str),
    /// No `redirect_uri`, and the client has not exactly one.
    #[error("redirect_uri is missing")]
    RedirectMissing,
    /// Not one of the client's.
    #[error("redirect_uri is not registered for this client")]
    RedirectUnknown,
}

/// What the client is told. The text holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// A parameter is missing, repeated or not well-formed.
    #[error("{parameter}: {why}")]
    Parameter {
        /// Which.
        parameter: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// A parameter stands twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// All together is more than a URL can carry onwards.
    #[error("the request is too large")]
    TooLarge,
    /// Anything but `code`.
    #[error("only response_type=code is supported")]
    ResponseType,
    /// The client may not use codes.
    #[error("the client may not use the authorization code grant")]
    Unauthorized,
    /// The client must use PKCE.
    #[error("code_challenge is required for this client")]
    ChallengeMissing,
    /// A request object that is not signed, or no request object.
    #[error("the request object is not valid")]
    RequestObject,
    /// A request object.
    #[error("request objects are not supported")]
    Request,
    /// A request object by reference.
    #[error("request_uri is not supported")]
    RequestUri,
    /// The `registration` parameter.
    #[error("registration is not supported")]
    Registration,
    /// The scopes.
    #[error("{0}")]
    Scope(String),
    /// The audience.
    #[error("{0}")]
    Target(String),
    /// The person, or the realm, said no.
    #[error("access denied")]
    Denied,
    /// `prompt=none`, and nobody is signed in, or not the one that is meant, or too long ago.
    #[error("sign-in is required")]
    LoginRequired,
    /// `prompt=none`, and the person must be asked.
    #[error("approval is required")]
    ConsentRequired,
    /// A profile that is not served, a token that would be too large.
    #[error("{0}")]
    Refused(String),
}

impl AuthorizeError {
    /// The `error` parameter.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Parameter { .. } | Self::Repeated | Self::TooLarge | Self::ChallengeMissing | Self::Refused(_) => {
                "invalid_request"
            }
            Self::ResponseType => "unsupported_response_type",
            Self::Unauthorized => "unauthorized_client",
            Self::RequestObject => "invalid_request_object",
            Self::Request => "request_not_supported",
            Self::RequestUri => "request_uri_not_supported",
            Self::Registration => "registration_not_supported",
            Self::Scope(_) => "invalid_scope",
            Self::Target(_) => "invalid_target",
            Self::Denied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
        }
    }
}

impl From<IssueRefused> for AuthorizeError {
    fn from(refused: IssueRefused) -> Self {
        let text = refused.to_string();
        match refused {
            IssueRefused::Suspended | IssueRefused::Grant(_) | IssueRefused::PublicClient => Self::Unauthorized,
            IssueRefused::Scope(_) | IssueRefused::Profile(_) => Self::Scope(text),
            IssueRefused::UserGone | IssueRefused::UserInactive(_) => Self::Denied,
            IssueRefused::TooLarge => Self::Refused(text),
        }
    }
}

/// A fault of a request that says whom it is from. Whether the client may be told is [`super::refused`]'s to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectFault {
    pub(super) client_id: ClientId,
    pub(super) redirect_uri: Option<String>,
    pub(super) state: Option<String>,
    /// What is wrong.
    pub error: AuthorizeError,
}

/// A fault of a request by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// Only the person is told.
    #[error(transparent)]
    Page(#[from] PageFault),
    /// The client is told, if it is one.
    #[error("{}", .0.error)]
    Redirect(Box<RedirectFault>),
}
