//! What the handler of a page takes.

use http::Method;
use raft_store_core::{Abort, Freshness, Read, Stored};
use woad_identity::opaque::TokenHash;
use woad_identity::realm::Realms;
use woad_identity::{Actor, csrf};

use super::{CSRF_FIELD, ErrorPage, PageFault, PageRenderer, error_page, origin};
use crate::context::{self, NoRealm, RequestContext};
use crate::cookie::{self, Cookie};
use crate::form::{self, Form};
use crate::incoming::{BodyError, Incoming, Rejection};
use crate::limits::MAX_FORM_BYTES;
use crate::media::Media;
use crate::route::{Requirement, Requires};
use crate::services::Services;

/// A browser's request for a page, from anywhere: what it posts may come from another site.
pub struct PageCall {
    /// Its context.
    pub context: RequestContext,
    /// The realm that its host names, as this replica knows it. An operation reads it again in its own view.
    pub realm: Stored<Realms>,
    /// Its head.
    pub parts: http::request::Parts,
    /// The parameters of the path, decoded, in their order.
    pub path: Vec<String>,
    /// The query's parameters.
    pub query: Form,
    /// What was posted; empty for other methods.
    pub form: Form,
    /// The hash of the session's token, if one was presented. Whether it counts, [`woad_identity::session::live`] says.
    pub session: Option<TokenHash>,
}

impl PageCall {
    async fn take(services: &Services, mut incoming: Incoming) -> Result<Self, Rejection> {
        let (realm, path) = head(services, &mut incoming).await?;
        let shown = |fault, incoming: &Incoming| reject(services.pages.as_ref(), fault, incoming, Some(&realm));
        let Ok(query) = incoming.query() else { return Err(shown(PageFault::BadRequest, &incoming)) };
        let form = if incoming.parts.method == Method::POST {
            incoming.form().await.map_err(|error| shown(fault(&error), &incoming))?
        } else {
            Form::default()
        };
        Ok(Self::new(incoming, realm, path, query, form))
    }

    fn new(incoming: Incoming, realm: Stored<Realms>, path: Vec<String>, query: Form, form: Form) -> Self {
        let Incoming { context, parts, .. } = incoming;
        let session = cookie::SESSION.of(&parts.headers).and_then(TokenHash::of_presented);
        Self { context, realm, parts, path, query, form, session }
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, cookie: Cookie) -> Option<&str> {
        cookie.of(&self.parts.headers)
    }

    /// What the proof in a form is bound to: the session's token, or the cookie that was set for it before sign-in.
    /// Without either a page sets [`cookie::PRE_LOGIN`] to a fresh token first.
    #[must_use]
    pub fn browser(&self) -> Option<TokenHash> {
        self.session.or_else(|| self.cookie(cookie::PRE_LOGIN).and_then(TokenHash::of_presented))
    }

    /// Whether the posted form was shown to this browser by one of our own pages.
    ///
    /// # Errors
    /// When storage fails.
    pub fn is_own_form(&self, read: &impl Read) -> Result<bool, Abort> {
        let (Some(browser), Some(proof)) = (self.browser(), self.form.get(CSRF_FIELD)) else { return Ok(false) };
        Ok(origin::is_own(&self.parts.headers, &self.realm.row)
            && csrf::proves(read, &self.realm.key, &browser, proof)?)
    }

    /// An error page in this request's realm and language.
    #[must_use]
    pub fn error(&self, fault: PageFault) -> ErrorPage {
        ErrorPage::new(fault, &self.context, &self.parts.headers, Some(&self.realm))
    }

    /// Who acts, as long as nobody has proved who they are.
    #[must_use]
    pub fn anonymous(&self) -> Actor {
        Actor::anonymous(self.context.client(), self.context.id.as_ref())
    }
}

impl<S: AsRef<Services> + Sync> Requirement<S> for PageCall {
    const REQUIRES: Requires = Requires::Page;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        Self::take(state.as_ref(), incoming).await
    }
}

/// A form that one of our own pages showed to this browser. Any other is answered 403.
pub struct OwnFormCall(pub PageCall);

impl<S: AsRef<Services> + Sync> Requirement<S> for OwnFormCall {
    const REQUIRES: Requires = Requires::OwnForm;

    async fn admit(state: &S, incoming: Incoming) -> Result<Self, Rejection> {
        let services = state.as_ref();
        let call = PageCall::take(services, incoming).await?;
        let request = call.context.request();
        let own = services.store.view(&request, Freshness::Local, |view| call.is_own_form(view)).await;
        match own {
            Ok(own) if own.answer => Ok(Self(call)),
            Ok(_) => Err(error_page(services.pages.as_ref(), &call.error(PageFault::Forged)).into()),
            Err(error) => {
                let page = call.error(PageFault::Unavailable).of_store(error);
                Err(error_page(services.pages.as_ref(), &page).into())
            }
        }
    }
}

/// A browser's request from anywhere, with its parameters as they were sent, those of query and posted form together:
/// for an endpoint that has its own answer to a repeated one.
pub struct ParametersCall {
    /// The request; its own query and form are empty.
    pub page: PageCall,
    /// Name and value, in their order.
    pub parameters: Vec<(String, String)>,
}

impl<S: AsRef<Services> + Sync> Requirement<S> for ParametersCall {
    const REQUIRES: Requires = Requires::Page;

    async fn admit(state: &S, mut incoming: Incoming) -> Result<Self, Rejection> {
        let services = state.as_ref();
        let (realm, path) = head(services, &mut incoming).await?;
        let shown = |error: &BodyError, incoming: &Incoming| {
            reject(services.pages.as_ref(), fault(error), incoming, Some(&realm))
        };
        let query = form::pairs(incoming.parts.uri.query().unwrap_or_default().as_bytes());
        let mut parameters = query.map_err(|error| shown(&error.into(), &incoming))?;
        if incoming.parts.method == Method::POST {
            let posted = match incoming.bytes(Media::Form, MAX_FORM_BYTES).await {
                Ok(body) => form::pairs(&body).map_err(BodyError::from),
                Err(refused) => Err(refused.into()),
            };
            parameters.extend(posted.map_err(|error| shown(&error, &incoming))?);
        }
        let page = PageCall::new(incoming, realm, path, Form::default(), Form::default());
        Ok(Self { page, parameters })
    }
}

/// The realm and the path's parameters of a request for a page.
async fn head(services: &Services, incoming: &mut Incoming) -> Result<(Stored<Realms>, Vec<String>), Rejection> {
    let pages = services.pages.as_ref();
    let realm = match context::realm(services, &incoming.context, &incoming.parts).await {
        Ok(realm) => realm,
        Err(error) => return Err(no_realm(pages, incoming, error)),
    };
    match incoming.path_parameters().await {
        Ok(path) => Ok((realm, path)),
        Err(refused) => Err(reject(pages, PageFault::Refused(refused), incoming, Some(&realm))),
    }
}

/// What a person is told of parameters that can't be read.
const fn fault(error: &BodyError) -> PageFault {
    match error {
        BodyError::Refused(refused) => PageFault::Refused(*refused),
        BodyError::Form(_) | BodyError::Json { .. } => PageFault::BadRequest,
    }
}

fn reject(
    pages: &dyn PageRenderer,
    fault: PageFault,
    incoming: &Incoming,
    realm: Option<&Stored<Realms>>,
) -> Rejection {
    let page = ErrorPage::new(fault, &incoming.context, &incoming.parts.headers, realm);
    let mut response = error_page(pages, &page);
    if let PageFault::Refused(refused) = fault {
        refused.close(&mut response);
    }
    response.into()
}

fn no_realm(pages: &dyn PageRenderer, incoming: &Incoming, error: NoRealm) -> Rejection {
    match error {
        NoRealm::Refused(refused) => reject(pages, PageFault::Refused(refused), incoming, None),
        NoRealm::Store(error) => {
            let page = ErrorPage::new(PageFault::Unavailable, &incoming.context, &incoming.parts.headers, None);
            error_page(pages, &page.of_store(error)).into()
        }
    }
}
