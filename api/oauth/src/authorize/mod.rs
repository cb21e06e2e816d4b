//! `/authorize` (RFC 6749 §3.1, OpenID Connect Core §3.1.2): from a client's link to a code, or to a page.
//!
//! A request that waits for its person travels as a continuation: to `/login` and back here, and to `/consent`. It is
//! evaluated in the transaction that issues the code, so that nothing can change in between.

mod call;

#[cfg(test)]
mod tests;

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use raft_store_core::{Abort, Freshness, Outcome, Read, StoreError, Stored, Tx};
use woad_http::services::NoRandomness;
use woad_http::{PageFault, Services};
use woad_identity::Actor;
use woad_identity::authorize::{
    self, Arrival, AuthorizationRequest, CodeSeed, Consented, Evaluation, MAX_WAIT, ParsedRequest, RedirectFault,
    RedirectUrl, RequestFault,
};
use woad_identity::continuation::{self, Kind};
use woad_identity::realm::{self, Realms};
use woad_identity::session::{self, LiveSession};

pub(crate) use call::AuthorizeCall;

/// Where people sign in.
const LOGIN_PATH: &str = "/login";
/// Where people are asked.
const CONSENT_PATH: &str = "/consent";
/// This endpoint.
const PATH: &str = "/authorize";
/// The parameter that carries a request on.
const CONTINUE: &str = "continue";

/// Why there is no answer of the protocol's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// Where the browser goes.
enum Next {
    /// To the client, with a code.
    Code(RedirectUrl),
    /// To the client, with an error.
    Client(RedirectUrl, authorize::AuthorizeError),
    /// To a page of ours, with the request.
    Onwards(&'static str, String),
    /// Nowhere.
    Page(PageFault),
}

/// A request as it came.
enum Came {
    /// From the client.
    Fresh(ParsedRequest),
    /// From the client, and at fault.
    Faulty(RedirectFault),
    /// Back from a page of ours.
    Back(String),
}

impl Came {
    fn of(parameters: &[(String, String)]) -> Result<Self, authorize::PageFault> {
        // What else stands beside a continuation is nobody's.
        if let Some((_, text)) = parameters.iter().find(|(name, _)| name == CONTINUE) {
            return Ok(Self::Back(text.clone()));
        }
        match AuthorizationRequest::parse(parameters) {
            Ok(parsed) => Ok(Self::Fresh(parsed)),
            Err(RequestFault::Redirect(fault)) => Ok(Self::Faulty(*fault)),
            Err(RequestFault::Page(fault)) => Err(fault),
        }
    }
}

/// A request, and how it travels on.
struct Resolved {
    request: AuthorizationRequest,
    login_after_ms: Option<u64>,
    continuation: Option<String>,
}

impl Resolved {
    fn of(
        services: &Services,
        read: &impl Read,
        realm: &Stored<Realms>,
        came: &Came,
    ) -> Result<Result<Self, Next>, Abort> {
        Ok(match came {
            Came::Fresh(parsed) => {
                let request = parsed.clone().resolve(read, realm, &services.keys)?;
                Ok(Self { request, login_after_ms: None, continuation: None })
            }
            Came::Faulty(fault) => Err(told(authorize::refused(read, realm, fault)?)),
            Came::Back(text) => {
                let opened = continuation::open(read, &realm.key, Kind::Authorization, text, MAX_WAIT)?;
                let opened = opened.and_then(|opened| {
                    let request = AuthorizationRequest::from_bytes(&opened.payload)?;
                    Some(Self { request, login_after_ms: Some(opened.issued_ms), continuation: Some(text.clone()) })
                });
                opened.ok_or(Next::Page(PageFault::Stale))
            }
        })
    }

    /// Takes the request to a page of ours. One that came in a continuation keeps it: it says when the request was made.
    fn onwards(self, read: &impl Read, realm: &Stored<Realms>, path: &'static str) -> Result<Next, Abort> {
        let text = match self.continuation {
            Some(text) => text,
            None => continuation::write(read, &realm.key, Kind::Authorization, &self.request.to_bytes())?,
        };
        Ok(Next::Onwards(path, text))
    }
}

/// The answers that need no page of ours.
fn told(evaluation: Evaluation) -> Next {
    match evaluation {
        Evaluation::RedirectError { url, error } => Next::Client(url, error),
        Evaluation::Refused(fault) => Next::Page(shown(fault)),
        // What is at fault is neither granted nor asked about.
        Evaluation::Login(_) | Evaluation::Consent(_) | Evaluation::Grant(_) => Next::Page(PageFault::BadRequest),
    }
}

/// What a fault of the request means to a person.
const fn shown(fault: authorize::PageFault) -> PageFault {
    match fault {
        authorize::PageFault::ClientMissing
        | authorize::PageFault::ClientUnknown
        | authorize::PageFault::ClientSuspended => PageFault::UnknownClient,
        authorize::PageFault::Repeated(_) => PageFault::BadRequest,
        authorize::PageFault::RedirectMissing | authorize::PageFault::RedirectUnknown => PageFault::RedirectUri,
    }
}

/// `GET /authorize`.
pub(crate) async fn show(services: Services, call: AuthorizeCall) -> Response {
    let came = match Came::of(&call.parameters) {
        Ok(came) => came,
        Err(fault) => return refused(&services, &call, fault),
    };
    let next = go(&services, &call, &came).await;
    respond(&services, &call, next)
}

async fn go(services: &Services, call: &AuthorizeCall, came: &Came) -> Result<Next, NoAnswer> {
    let seed = CodeSeed { code: services.random()?, grant: services.random()? };
    let request = call.context.request();
    Ok(services.store.transact(&request, |tx| evaluate(services, tx, call, came, &seed)).await?.answer)
}

fn evaluate(
    services: &Services,
    tx: &mut Tx<'_>,
    call: &AuthorizeCall,
    came: &Came,
    seed: &CodeSeed,
) -> Result<Outcome<Next>, Abort> {
    let Some(realm) = realm::get(tx, &call.realm.key)? else {
        return Ok(Outcome::Answer(Next::Page(PageFault::NotFound)));
    };
    let resolved = match Resolved::of(services, tx, &realm, came)? {
        Ok(resolved) => resolved,
        Err(next) => return Ok(Outcome::Answer(next)),
    };
    let session = match &call.session {
        Some(hash) => session::live(tx, &realm.key, hash)?.ok(),
        None => None,
    };
    let arrival =
        Arrival { request: &resolved.request, session: session.as_ref(), login_after_ms: resolved.login_after_ms };
    let actor = actor(call, session.as_ref());
    let next = match authorize::approve(tx, &realm, &arrival, Consented::Before, seed, &actor)? {
        Outcome::Commit(Ok(url)) => {
            if let Some(session) = &session {
                // Whether that is due or not, the code is written.
                let _ = session::touch(tx, &realm, session.hash())?;
            }
            return Ok(Outcome::Commit(Next::Code(url)));
        }
        Outcome::Answer(Ok(url)) => Next::Code(url),
        Outcome::Commit(Err(needed)) | Outcome::Answer(Err(needed)) => match *needed {
            Evaluation::Login(_) => resolved.onwards(tx, &realm, LOGIN_PATH)?,
            Evaluation::Consent(_) => resolved.onwards(tx, &realm, CONSENT_PATH)?,
            other => told(other),
        },
    };
    Ok(Outcome::Answer(next))
}

fn actor(call: &AuthorizeCall, session: Option<&LiveSession>) -> Actor {
    let (address, request) = (call.context.client(), call.context.id.as_ref());
    match session {
        Some(session) => Actor::user(session.user().key.1, address, request),
        None => Actor::anonymous(address, request),
    }
}

/// `POST /authorize`: the same, by way of a `GET`. A browser sends no session's cookie along with what another site
/// posts, but does where it is redirected to.
pub(crate) async fn submit(services: Services, call: AuthorizeCall) -> Response {
    let came = match Came::of(&call.parameters) {
        Ok(came) => came,
        Err(fault) => return refused(&services, &call, fault),
    };
    let request = call.context.request();
    let looked = services.store.view(&request, Freshness::Linearizable, |view| {
        let resolved = match Resolved::of(&services, view, &call.realm, &came)? {
            Ok(resolved) => resolved,
            Err(next) => return Ok(next),
        };
        // A continuation is believed by every page of ours: one is written for a client, and for a place of its own.
        match authorize::destination(view, &call.realm, &resolved.request)? {
            Ok(_) => resolved.onwards(view, &call.realm, PATH),
            Err(fault) => Ok(Next::Page(shown(fault))),
        }
    });
    let next = looked.await.map(|done| done.answer).map_err(NoAnswer::from);
    respond(&services, &call, next)
}

fn refused(services: &Services, call: &AuthorizeCall, fault: authorize::PageFault) -> Response {
    tracing::info!(reason = %fault, "authorization refused");
    call.page(services, shown(fault))
}

fn respond(services: &Services, call: &AuthorizeCall, next: Result<Next, NoAnswer>) -> Response {
    match next {
        Ok(Next::Code(url)) => see_other(url.as_str()),
        Ok(Next::Client(url, error)) => {
            tracing::info!(reason = %error, error = error.code(), "authorization refused");
            see_other(url.as_str())
        }
        Ok(Next::Onwards(path, text)) => see_other(&format!("{path}?{CONTINUE}={text}")),
        Ok(Next::Page(fault)) => {
            tracing::info!(reason = fault.name(), "authorization refused");
            call.page(services, fault)
        }
        Err(NoAnswer::Random(_)) => call.page(services, PageFault::Unavailable),
        Err(NoAnswer::Store(error)) => {
            let page = call.error(PageFault::Unavailable).of_store(error);
            woad_http::error_page(services.pages.as_ref(), &page)
        }
    }
}

/// 303: the browser comes by `GET`, and leaves behind what it posted (RFC 9700 §4.12).
fn see_other(url: &str) -> Response {
    // Our own URLs, and registered ones with encoded parameters, are visible ASCII.
    HeaderValue::from_str(url).map_or_else(
        |_| StatusCode::BAD_REQUEST.into_response(),
        |url| (StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response(),
    )
}
