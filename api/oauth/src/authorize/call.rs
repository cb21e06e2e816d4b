//! What the authorization endpoint takes.

use axum::response::Response;
use http::Method;
use http::request::Parts;
use raft_store_core::Stored;
use woad_http::context::{self, NoRealm};
use woad_http::media::Media;
use woad_http::{
    ErrorPage, Incoming, PageFault, Rejection, RequestContext, Requirement, Requires, Services, cookie, error_page,
    form,
};
use woad_identity::opaque::TokenHash;
use woad_identity::realm::Realms;

/// Bytes of a posted request: four times what a URL may hold, and more than any request that can travel on.
const MAX_FORM_BYTES: usize = 32 * 1024;

/// A browser's authorization request, from anywhere. Its parameters are those of query and form together, as they
/// stand there: what is wrong with them decides who is told.
pub(crate) struct AuthorizeCall {
    /// Its context.
    pub(crate) context: RequestContext,
    /// The realm that its host names, as this replica knows it. The operation reads it again in its own transaction.
    pub(crate) realm: Stored<Realms>,
    /// The parameters, decoded.
    pub(crate) parameters: Vec<(String, String)>,
    /// The hash of the session's token, if one was presented.
    pub(crate) session: Option<TokenHash>,
    parts: Parts,
}

impl AuthorizeCall {
    /// An error page of ours.
    pub(crate) fn page(&self, services: &Services, fault: PageFault) -> Response {
        error_page(services.pages.as_ref(), &self.error(fault))
    }

    /// What an error page of ours says.
    pub(crate) fn error(&self, fault: PageFault) -> ErrorPage {
        ErrorPage::new(fault, &self.context, &self.parts.headers, Some(&self.realm))
    }

    async fn take(services: &Services, mut incoming: Incoming) -> Result<Self, Rejection> {
        let page = |incoming: &Incoming, fault, realm: Option<&Stored<Realms>>| {
            ErrorPage::new(fault, &incoming.context, &incoming.parts.headers, realm)
        };
        let show = |page: ErrorPage| Rejection::from(error_page(services.pages.as_ref(), &page));
        let realm = match context::realm(services, &incoming.context, &incoming.parts).await {
            Ok(realm) => realm,
            Err(NoRealm::Refused(refused)) => return Err(show(page(&incoming, PageFault::Refused(refused), None))),
            Err(NoRealm::Store(error)) => {
                return Err(show(page(&incoming, PageFault::Unavailable, None).of_store(error)));
            }
        };
        let query = incoming.parts.uri.query().unwrap_or_default().as_bytes();
        let Ok(mut parameters) = form::pairs(query) else {
            return Err(show(page(&incoming, PageFault::BadRequest, Some(&realm))));
        };
        if incoming.parts.method == Method::POST {
            let body = match incoming.bytes(Media::Form, MAX_FORM_BYTES).await {
                Ok(body) => body,
                Err(refused) => return Err(show(page(&incoming, PageFault::Refused(refused), Some(&realm)))),
            };
            match form::pairs(&body) {
                Ok(posted) => parameters.extend(posted),
                Err(_) => return Err(show(page(&incoming, PageFault::BadRequest, Some(&realm)))),
            }
        }
        let Incoming { context, parts, .. } = incoming;
        let session = cookie::SESSION.of(&parts.headers).and_then(TokenHash::of_presented);
        Ok(Self { context, realm, parameters, session, parts })
    }
}

impl<S: AsRef<Services> + Sync> Requirement<S> for AuthorizeCall {
    const REQUIRES: Requires = Requires::Page;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        Self::take(state.as_ref(), incoming).await
    }
}
