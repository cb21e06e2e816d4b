//! What comes next for a request, a person and a client, at one state.

use raft_store_core::{Abort, Read, Stored};

use super::error::{AuthorizeError, PageFault, RedirectFault};
use super::prompt::Prompt;
use super::redirect::RedirectUrl;
use super::request::AuthorizationRequest;
use super::target::{Target, client_and_target};
use crate::client::{AuthMethod, Clients, CodeChallengeMethod, GrantType, ResponseType};
use crate::consent;
use crate::grant::Grant;
use crate::realm::Realms;
use crate::scope::{ScopeList, offer};
use crate::session::LiveSession;
use crate::token::{self, IssueRefused, Preview};

/// What comes next.
#[derive(Clone, Debug)]
pub enum Evaluation {
    /// The person is told, on a page of ours.
    Refused(PageFault),
    /// The client is told, by redirect.
    RedirectError {
        /// Where to.
        url: RedirectUrl,
        /// What, for the log.
        error: AuthorizeError,
    },
    /// The person must sign in.
    Login(Box<LoginAsk>),
    /// The person must be asked.
    Consent(Box<ConsentAsk>),
    /// Nothing more is needed: [`super::approve`] issues the code.
    Grant(Box<Granted>),
}

/// For the login page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAsk {
    /// For whom they sign in.
    pub client: Stored<Clients>,
    /// Whom the client expects. Anybody can write anything here.
    pub hint: Option<String>,
    /// Languages the client would like. Anybody can write anything here.
    pub ui_locales: Option<String>,
}

/// For the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentAsk {
    /// Who asks.
    pub client: Stored<Clients>,
    /// Where the answer will go.
    pub redirect_uri: String,
    /// What it will have.
    pub scopes: ScopeList,
    /// For whom its tokens will be; empty: for anyone.
    pub audience: Vec<String>,
    /// Whether the approval can be remembered: else they are asked each time.
    pub may_be_remembered: bool,
    /// Languages the client would like. Anybody can write anything here.
    pub ui_locales: Option<String>,
}

/// What is granted, without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What the consent page would show.
    pub(super) ask: ConsentAsk,
    pub(super) grant: Grant,
    pub(super) target: Target,
}

/// A request at the browser of somebody, or of nobody yet.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The request.
    pub request: &'a AuthorizationRequest,
    /// The browser's session, read with everything else.
    pub session: Option<&'a LiveSession>,
    /// When the request's continuation was issued, if it comes back in one: a sign-in after that is one for this
    /// request.
    pub login_after_ms: Option<u64>,
}

/// What comes of a request that is at fault: the client is told if it is one and the redirect URI is its own.
///
/// # Errors
/// When storage fails.
pub fn refused(read: &impl Read, realm: &Stored<Realms>, fault: &RedirectFault) -> Result<Evaluation, Abort> {
    let (uri, state) = (fault.redirect_uri.as_deref(), fault.state.as_deref());
    Ok(match client_and_target(read, realm, fault.client_id.as_str(), uri, state)? {
        Ok((_, target)) => target.error(fault.error.clone()),
        Err(page) => Evaluation::Refused(page),
    })
}

/// Where the answer to a request goes, if its client is one that may be told, and the redirect URI its own. A request
/// for which this refuses is kept by no page of ours.
///
/// # Errors
/// Inner: what only the person is told. Outer: when storage fails.
pub fn destination(
    read: &impl Read,
    realm: &Stored<Realms>,
    request: &AuthorizationRequest,
) -> Result<Result<String, PageFault>, Abort> {
    let found = client_and_target(read, realm, request.client_id(), request.redirect_uri(), request.state())?;
    Ok(found.map(|(_, target)| target.uri))
}

/// Tells the client of a well-formed request an error, if it is one and the redirect URI is its own.
pub(super) fn turn_away(
    read: &impl Read,
    realm: &Stored<Realms>,
    request: &AuthorizationRequest,
    error: AuthorizeError,
) -> Result<Evaluation, Abort> {
    let found = client_and_target(read, realm, request.client_id(), request.redirect_uri(), request.state())?;
    Ok(match found {
        Ok((_, target)) => target.error(error),
        Err(page) => Evaluation::Refused(page),
    })
}

/// What comes next for a request. `read` must be linearizable.
///
/// # Errors
/// When storage fails.
pub fn evaluate(read: &impl Read, realm: &Stored<Realms>, arrival: &Arrival<'_>) -> Result<Evaluation, Abort> {
    evaluate_with(read, realm, arrival, false)
}

/// As [`evaluate`]; `asked`: the person has been asked, and said yes.
pub(super) fn evaluate_with(
    read: &impl Read,
    realm: &Stored<Realms>,
    arrival: &Arrival<'_>,
    asked: bool,
) -> Result<Evaluation, Abort> {
    let request = arrival.request;
    let found = client_and_target(read, realm, request.client_id(), request.redirect_uri(), request.state())?;
    let (client, target) = match found {
        Ok(found) => found,
        Err(page) => return Ok(Evaluation::Refused(page)),
    };
    if let Err(error) = check_client(&client, request)? {
        return Ok(target.error(error));
    }
    let silent = request.prompts().has(Prompt::None);
    let max_age = request.max_age().or(Some(client.row.default_max_age).filter(|age| *age != 0));
    let session = arrival.session.filter(|session| counts(read, session, arrival, max_age));
    let Some(session) = session else {
        return Ok(if silent {
            target.error(AuthorizeError::LoginRequired)
        } else {
            let hint = request.login_hint().map(str::to_owned);
            Evaluation::Login(Box::new(LoginAsk { client, hint, ui_locales: request.ui_locales().map(str::to_owned) }))
        });
    };
    let user = session.user().key.1;
    let wanted = request.scopes();
    let preview = Preview {
        client: &client,
        user: Some(user),
        grant: GrantType::AuthorizationCode,
        scopes: wanted.as_ref(),
        expires_in: None,
    };
    let scopes = match token::preview(read, realm, &preview)? {
        Ok(scopes) if scopes.is_empty() => {
            return Ok(target.error(AuthorizeError::Scope("none of these scopes is allowed".to_owned())));
        }
        Ok(scopes) => scopes,
        Err(refused) => return Ok(target.error(refused.into())),
    };
    let may_be_remembered = consent::may_be_remembered(&client.row, &target.registered)?;
    let at = consent::Place { user, client: &client.key.1, redirect_uri: &target.registered };
    let remembered = may_be_remembered
        && !request.prompts().has(Prompt::Consent)
        && consent::covers(read, &realm.key, &at, &scopes)?;
    let audience = request.audience();
    let grant = Grant::new(read, &client.key.1, session, &scopes, &audience);
    let ask = ConsentAsk {
        client,
        redirect_uri: target.uri.clone(),
        scopes,
        audience: audience.values().to_vec(),
        may_be_remembered,
        ui_locales: request.ui_locales().map(str::to_owned),
    };
    Ok(if remembered || asked {
        Evaluation::Grant(Box::new(Granted { ask, grant, target }))
    } else if silent {
        target.error(AuthorizeError::ConsentRequired)
    } else {
        Evaluation::Consent(Box::new(ask))
    })
}

/// Whether the client may ask like this.
fn check_client(client: &Stored<Clients>, request: &AuthorizationRequest) -> Result<Result<(), AuthorizeError>, Abort> {
    let row = &client.row;
    // A client that names no response types has the one of its grant (RFC 7591 §2).
    let code = row.response_types.is_empty() || row.response_types.contains(&ResponseType::Code.stored());
    if !code || !row.may_use(GrantType::AuthorizationCode) {
        return Ok(Err(AuthorizeError::Unauthorized));
    }
    let method = row.code_challenge_method;
    let required = row.auth_method()? == AuthMethod::None
        || [CodeChallengeMethod::Plain, CodeChallengeMethod::S256].iter().any(|known| known.stored() == method);
    if required && request.code_challenge().is_none() {
        return Ok(Err(AuthorizeError::ChallengeMissing));
    }
    // What nobody could be granted is refused before anybody signs in for it.
    let offered = offer(&row.scopes()?, request.scopes().as_ref());
    let refused = offered.into_iter().find_map(|(_, held)| held.err());
    Ok(refused.map_or(Ok(()), |refused| Err(IssueRefused::from(refused).into())))
}

/// Whether a session is of the person that is meant, and its sign-in recent enough.
fn counts(read: &impl Read, session: &LiveSession, arrival: &Arrival<'_>, max_age: Option<u32>) -> bool {
    let request = arrival.request;
    if request.subject().is_some_and(|subject| subject != session.user().key.1.to_string()) {
        return false;
    }
    if arrival.login_after_ms.is_some_and(|after| session.auth_time_ms() >= after) {
        return true;
    }
    if request.prompts().has(Prompt::Login) || request.prompts().has(Prompt::SelectAccount) {
        return false;
    }
    let age_ms = read.now().0.saturating_sub(session.auth_time_ms());
    max_age.is_none_or(|max| age_ms <= u64::from(max) * 1000)
}
