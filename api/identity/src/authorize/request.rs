//! An authorization request, checked as far as it goes by itself.

use prost::Message;
use raft_store_core::{Abort, Read, Stored};

use super::claims::AskedClaims;
use super::error::{AuthorizeError, PageFault, RedirectFault, RequestFault};
use super::parameters::{Parameters, audience, bad, bounded, challenge, check_response, check_unserved, hint, max_age};
use super::prompt::{Prompt, Prompts};
use crate::audience::Audience;
use crate::ids::ClientId;
use crate::keys::KeyCache;
use crate::realm::Realms;
use crate::scope::ScopeList;
use crate::token;

/// Bytes of a request that travels on: in base64, with its proof, it fits a URL.
pub const MAX_REQUEST: usize = 5 * 1024;
/// Bytes of `state` and of `nonce`: each comes back whole.
const MAX_OPAQUE: usize = 2 * 1024;
/// Bytes of a redirect URI: the longest that can be registered.
const MAX_REDIRECT_URI: usize = 2048;
/// Bytes of `id_token_hint`: the longest token we issue.
const MAX_TOKEN_HINT: usize = crate::keys::MAX_TOKEN_BYTES;
/// Parameters that may stand more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];
/// OpenID Connect Core §3.1.2.1.
const DISPLAYS: [&str; 4] = ["page", "popup", "touch", "wap"];

/// A request that is well-formed. Small enough to travel with the browser.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest(Fields);

/// A request as it travels.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
struct Fields {
    #[prost(string, tag = "1")]
    client_id: String,
    #[prost(string, optional, tag = "2")]
    redirect_uri: Option<String>,
    #[prost(string, optional, tag = "3")]
    state: Option<String>,
    #[prost(string, optional, tag = "4")]
    nonce: Option<String>,
    #[prost(string, optional, tag = "5")]
    scope: Option<String>,
    #[prost(string, repeated, tag = "6")]
    audience: Vec<String>,
    #[prost(string, optional, tag = "7")]
    code_challenge: Option<String>,
    #[prost(uint32, tag = "8")]
    prompts: u32,
    #[prost(uint32, optional, tag = "9")]
    max_age: Option<u32>,
    #[prost(string, optional, tag = "10")]
    login_hint: Option<String>,
    #[prost(string, optional, tag = "11")]
    ui_locales: Option<String>,
    #[prost(string, optional, tag = "12")]
    subject: Option<String>,
    #[prost(bool, tag = "13")]
    auth_time_asked: bool,
}

impl std::fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("AuthorizationRequest");
        out.field("client_id", &self.0.client_id).field("scope", &self.0.scope).finish_non_exhaustive()
    }
}

/// A request as it came, with the hint that only the realm's keys can read.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedRequest {
    /// The request.
    pub request: AuthorizationRequest,
    /// `id_token_hint`, as sent.
    pub id_token_hint: Option<String>,
}

impl std::fmt::Debug for ParsedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParsedRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

impl ParsedRequest {
    /// The request, for the person that `id_token_hint` names. A hint that says nothing is left out, but where nobody
    /// may be asked: then nobody can be the one that is meant.
    ///
    /// # Errors
    /// When storage fails.
    pub fn resolve(
        self,
        read: &impl Read,
        realm: &Stored<Realms>,
        keys: &KeyCache,
    ) -> Result<AuthorizationRequest, Abort> {
        let AuthorizationRequest(mut fields) = self.request;
        if let Some(hint) = &self.id_token_hint {
            match token::verify_id_token(read, realm, keys, hint)? {
                Ok(hint) => fields.subject = Some(hint.user.to_string()),
                Err(_) if Prompts::from_bits(fields.prompts).has(Prompt::None) => fields.subject = Some(String::new()),
                Err(_) => {}
            }
        }
        Ok(AuthorizationRequest(fields))
    }
}

impl Fields {
    fn fill(&mut self, parameters: &Parameters<'_>) -> Result<Option<String>, AuthorizeError> {
        let repeated = |name: &String| !REPEATABLE.contains(&name.as_str()) && parameters.is_repeated(name);
        if parameters.0.iter().any(|(name, _)| repeated(name)) {
            return Err(AuthorizeError::Repeated);
        }
        check_unserved(parameters)?;
        check_response(parameters)?;
        if parameters.get("state").is_some_and(|state| state.len() > MAX_OPAQUE) {
            return Err(bad("state", "too long"));
        }
        self.nonce = bounded(parameters, "nonce", MAX_OPAQUE)?;
        if let Some(scope) = parameters.get("scope") {
            let list = ScopeList::parse(scope).map_err(|fault| AuthorizeError::Scope(fault.to_string()))?;
            self.scope = Some(list.to_string());
        }
        self.audience = audience(parameters)?.values().to_vec();
        self.code_challenge = challenge(parameters)?;
        let prompts = Prompts::parse(parameters.get("prompt").unwrap_or_default());
        self.prompts = prompts.ok_or(bad("prompt", "unknown value, or none beside another"))?.bits();
        self.max_age = parameters.get("max_age").map(max_age).transpose()?;
        if parameters.get("display").is_some_and(|display| !DISPLAYS.contains(&display)) {
            return Err(bad("display", "unknown value"));
        }
        if let Some(claims) = parameters.get("claims") {
            let asked = AskedClaims::parse(claims).ok_or(bad("claims", "not a claims request"))?;
            self.subject = asked.subject;
            self.auth_time_asked = asked.auth_time;
        }
        self.login_hint = hint(parameters, "login_hint");
        self.ui_locales = hint(parameters, "ui_locales");
        if self.encoded_len() > MAX_REQUEST {
            return Err(AuthorizeError::TooLarge);
        }
        bounded(parameters, "id_token_hint", MAX_TOKEN_HINT)
    }
}

impl AuthorizationRequest {
    /// Checks a request's decoded parameters, those of query and form together. Unknown ones are ignored.
    ///
    /// # Errors
    /// See [`RequestFault`].
    pub fn parse(parameters: &[(String, String)]) -> Result<ParsedRequest, RequestFault> {
        let parameters = Parameters(parameters);
        for name in ["client_id", "redirect_uri"] {
            if parameters.is_repeated(name) {
                return Err(PageFault::Repeated(name).into());
            }
        }
        let client_id = parameters.get("client_id").ok_or(PageFault::ClientMissing)?;
        let client_id = ClientId::parse(client_id).map_err(|_| PageFault::ClientUnknown)?;
        // An empty one is no missing one: whoever sends it means something.
        let redirect_uri = match parameters.all("redirect_uri").first().copied() {
            Some("") => return Err(PageFault::RedirectMissing.into()),
            Some(uri) if uri.len() > MAX_REDIRECT_URI => return Err(PageFault::RedirectUnknown.into()),
            uri => uri.map(str::to_owned),
        };
        let state =
            parameters.get("state").filter(|state| state.len() <= MAX_OPAQUE && !parameters.is_repeated("state"));
        let mut fields = Fields {
            client_id: client_id.to_string(),
            redirect_uri: redirect_uri.clone(),
            state: state.map(str::to_owned),
            ..Fields::default()
        };
        match fields.fill(&parameters) {
            Ok(id_token_hint) => Ok(ParsedRequest { request: Self(fields), id_token_hint }),
            Err(error) => {
                let fault = RedirectFault { client_id, redirect_uri, state: fields.state, error };
                Err(RequestFault::Redirect(Box::new(fault)))
            }
        }
    }

    /// The request as a continuation's payload.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// The request from a continuation's payload; `None` when it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Fields::decode(bytes).ok().map(Self)
    }

    /// Whom it is from, as sent: not yet known to be a client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// `redirect_uri`, as sent.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.0.redirect_uri.as_deref()
    }

    /// `state`, as sent.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// Whom the client expects to sign in, for the login page to fill in. Anybody can write anything here.
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.0.login_hint.as_deref()
    }

    /// Languages the client would like its person to read, separated by spaces. Anybody can write anything here.
    #[must_use]
    pub fn ui_locales(&self) -> Option<&str> {
        self.0.ui_locales.as_deref()
    }

    pub(super) fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    pub(super) fn scopes(&self) -> Option<ScopeList> {
        // The text is a list's own, so that it parses.
        self.0.scope.as_deref().and_then(|scope| ScopeList::parse(scope).ok())
    }

    pub(super) fn audience(&self) -> Audience {
        Audience::granted(&self.0.audience)
    }

    pub(super) fn code_challenge(&self) -> Option<&str> {
        self.0.code_challenge.as_deref()
    }

    pub(super) const fn prompts(&self) -> Prompts {
        Prompts::from_bits(self.0.prompts)
    }

    pub(super) const fn max_age(&self) -> Option<u32> {
        self.0.max_age
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    pub(super) const fn auth_time_asked(&self) -> bool {
        self.0.auth_time_asked || self.0.max_age.is_some()
    }
}
