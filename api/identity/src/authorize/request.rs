//! An authorization request, checked as far as it goes by itself.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use prost::Message;
use raft_store_core::{Abort, Read, Stored};
use serde_json::Value;

use super::claims::AskedClaims;
use super::error::{AuthorizeError, PageFault, RedirectFault, RequestFault};
use super::pkce;
use super::prompt::{Prompt, Prompts};
use crate::audience::{Audience, AudienceFault};
use crate::client::ResponseType;
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
/// Bytes of a hint: the longest name or address. A longer one is of no use, and is left out.
const MAX_HINT: usize = 256;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRequest {
    /// The request.
    pub request: AuthorizationRequest,
    /// `id_token_hint`, as sent.
    pub id_token_hint: Option<String>,
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

/// The decoded parameters of a request.
struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    fn all(&self, name: &str) -> Vec<&'a str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// A parameter without a value counts as not sent (RFC 6749 §3.1).
    fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).into_iter().find(|value| !value.is_empty())
    }

    fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).nth(1).is_some()
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

const fn bad(parameter: &'static str, why: &'static str) -> AuthorizeError {
    AuthorizeError::Parameter { parameter, why }
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
        let redirect_uri = match parameters.all("redirect_uri").first() {
            Some(uri) if uri.is_empty() => return Err(PageFault::RedirectMissing.into()),
            Some(uri) if uri.len() > MAX_REDIRECT_URI => return Err(PageFault::RedirectUnknown.into()),
            uri => uri.map(|uri| (*uri).to_owned()),
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

/// Parameters that ask for what is not done here, and that must not be overlooked.
fn check_unserved(parameters: &Parameters<'_>) -> Result<(), AuthorizeError> {
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizeError::RequestUri);
    }
    if parameters.get("registration").is_some() {
        return Err(AuthorizeError::Registration);
    }
    match parameters.get("request") {
        None => Ok(()),
        Some(object) if is_signed(object) => Err(AuthorizeError::Request),
        Some(_) => Err(AuthorizeError::RequestObject),
    }
}

/// Whether a request object has a header that names a signature algorithm.
fn is_signed(object: &str) -> bool {
    let header = object.split('.').next().unwrap_or_default();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok();
    let header = header.and_then(|header| serde_json::from_slice::<Value>(&header).ok()).unwrap_or_default();
    header.get("alg").and_then(Value::as_str).is_some_and(|alg| !alg.eq_ignore_ascii_case("none"))
}

fn check_response(parameters: &Parameters<'_>) -> Result<(), AuthorizeError> {
    let wanted = parameters.get("response_type").ok_or(bad("response_type", "missing"))?;
    if wanted != ResponseType::Code.name() {
        return Err(AuthorizeError::ResponseType);
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(bad("response_mode", "only query is supported")),
    }
}

fn bounded(parameters: &Parameters<'_>, name: &'static str, max: usize) -> Result<Option<String>, AuthorizeError> {
    match parameters.get(name) {
        Some(value) if value.len() > max => Err(bad(name, "too long")),
        value => Ok(value.map(str::to_owned)),
    }
}

fn hint(parameters: &Parameters<'_>, name: &str) -> Option<String> {
    let usable = |value: &&str| value.len() <= MAX_HINT && !value.chars().any(char::is_control);
    parameters.get(name).filter(usable).map(str::to_owned)
}

fn audience(parameters: &Parameters<'_>) -> Result<Audience, AuthorizeError> {
    let all = |name| parameters.all(name);
    Audience::choose(&all("resource"), &all("aud"), &all("audience")).map_err(|fault| match fault {
        AudienceFault::Malformed => bad("audience", "a character that is not allowed"),
        other => AuthorizeError::Target(other.to_string()),
    })
}

/// S256 alone: `plain`, also by leaving the method out, proves nothing to whoever reads the request.
fn challenge(parameters: &Parameters<'_>) -> Result<Option<String>, AuthorizeError> {
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(bad("code_challenge", "missing")),
        (Some(_), method) if method != Some("S256") => Err(bad("code_challenge_method", "must be S256")),
        (Some(challenge), _) if pkce::is_well_formed(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), _) => Err(bad("code_challenge", "must have 43 to 128 unreserved characters")),
    }
}

fn max_age(text: &str) -> Result<u32, AuthorizeError> {
    let digits = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or(bad("max_age", "not a number of seconds"))
}
