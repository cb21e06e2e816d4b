//! Pages for people, as far as every protocol needs them: what an error page says, and what a page's request holds.

mod call;
mod origin;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use raft_store_core::{StoreError, Stored};
use woad_identity::realm::Realms;

use crate::context::RequestContext;
use crate::error::{Refused, Unavailable};

pub use call::{OwnFormCall, PageCall, ParametersCall};

/// The field of a form that holds the proof that this browser was shown it (see [`woad_identity::csrf`]).
pub const CSRF_FIELD: &str = "csrf";

/// What went wrong, as a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// An authorization request names no client, or one that there is not.
    UnknownClient,
    /// An authorization request names an address that the client has not registered.
    RedirectUri,
    /// A request that can't be what was meant; where it came from can't be told.
    BadRequest,
    /// What was begun took too long, or was begun elsewhere.
    Stale,
    /// A form that was not shown to this browser by us (CSRF).
    Forged,
    /// A one-time link that was used, is over, or never was.
    LinkGone,
    /// Not allowed to whoever is signed in.
    Forbidden,
    /// Nothing here.
    NotFound,
    /// Too many attempts.
    Throttled,
    /// No quorum, or too much at once: to be tried again.
    Unavailable,
    /// A change whose outcome is not known: it may have happened.
    Unknown,
    /// Refused before anyone looked at it: too large, a wrong method.
    Refused(Refused),
}

impl PageFault {
    /// Its status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::UnknownClient | Self::RedirectUri | Self::BadRequest | Self::Stale => StatusCode::BAD_REQUEST,
            Self::Forged | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::LinkGone => StatusCode::GONE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Unknown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(refused) => refused.status(),
        }
    }

    /// Its name, for choosing the text in a language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownClient => "unknown-client",
            Self::RedirectUri => "redirect-uri",
            Self::BadRequest => "bad-request",
            Self::Stale => "stale",
            Self::Forged => "forged",
            Self::LinkGone => "link-gone",
            Self::Forbidden => "forbidden",
            Self::NotFound | Self::Refused(Refused::NotFound) => "not-found",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown-outcome",
            Self::Refused(Refused::Broken) => "internal",
            Self::Refused(Refused::Misdirected) => "no-realm",
            Self::Refused(_) => "refused",
        }
    }
}

/// An error page to be shown.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// What went wrong.
    pub fault: PageFault,
    /// The realm that was called, if any answers under the host.
    pub realm: Option<Stored<Realms>>,
    /// Names the request in our logs: the reference that a person may quote.
    pub reference: Arc<str>,
    /// The person's languages, as their browser says (`Accept-Language`).
    pub languages: String,
    /// After how many seconds to try again.
    pub retry_after: Option<u64>,
}

impl ErrorPage {
    /// A page about a request.
    #[must_use]
    pub fn new(
        fault: PageFault,
        context: &RequestContext,
        headers: &HeaderMap,
        realm: Option<&Stored<Realms>>,
    ) -> Self {
        let languages = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            fault,
            realm: realm.cloned(),
            reference: Arc::clone(&context.id),
            languages: languages.to_owned(),
            retry_after: None,
        }
    }

    /// With the time after which to try again.
    #[must_use]
    pub const fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// About a failure of the store.
    #[must_use]
    pub fn of_store(mut self, error: StoreError) -> Self {
        self.fault =
            if matches!(error, StoreError::Unknown { .. }) { PageFault::Unknown } else { PageFault::Unavailable };
        self.retry_after = Unavailable::from(error).retry_after();
        self
    }
}

/// Draws the pages that any protocol may have to show.
pub trait PageRenderer: Send + Sync {
    /// An error page, with its status. `Retry-After` is added by [`error_page`].
    fn error(&self, page: &ErrorPage) -> Response;
}

/// Shows an error page.
#[must_use]
pub fn error_page(renderer: &dyn PageRenderer, page: &ErrorPage) -> Response {
    let mut response = renderer.error(page);
    *response.status_mut() = page.fault.status();
    if let Some(seconds) = page.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Pages in plain text, where nobody draws better ones.
#[derive(Clone, Copy, Debug)]
pub struct PlainPages;

impl PageRenderer for PlainPages {
    fn error(&self, page: &ErrorPage) -> Response {
        let text = format!("Error: {}. Reference: {}\n", page.fault.name(), page.reference);
        let plain = (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        (page.fault.status(), [plain], text).into_response()
    }
}
