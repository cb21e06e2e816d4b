//! A request for a page, with what every handler does with it.

use http::HeaderValue;
use raft_store_core::{Abort, Freshness, Outcome, Read, StoreError, Tx, View};
use woad_http::page::{PageCall, PageFault};
use woad_http::{Services, Unavailable, cookie};
use woad_identity::opaque::OpaqueToken;
use woad_identity::session::{self, LiveSession};
use woad_identity::{Actor, csrf};

use crate::error::PageError;
use crate::locale;
use crate::shell::Shell;
use crate::text::Lang;

/// See the module's documentation.
pub(crate) struct Visit {
    pub(crate) services: Services,
    pub(crate) call: PageCall,
    pub(crate) lang: Lang,
}

/// What binds a form to this browser.
pub(crate) struct Binding {
    /// For the form's hidden field.
    pub(crate) proof: String,
    /// The cookie to set with the page, where the browser has none yet.
    pub(crate) cookie: Option<HeaderValue>,
}

impl Visit {
    pub(crate) fn new(services: Services, call: PageCall) -> Self {
        let lang = locale::choose(&call.parts.headers, call.query.get("ui_locales"));
        Self { services, call, lang }
    }

    /// Speaks the language that an authorization request asks for, if it is one of ours.
    pub(crate) fn speak(&mut self, ui_locales: Option<&str>) {
        if ui_locales.is_some() {
            self.lang = locale::choose(&self.call.parts.headers, ui_locales);
        }
    }

    /// An error page.
    pub(crate) fn fail(&self, fault: PageFault) -> PageError {
        self.call.error(fault).into()
    }

    /// The store gave no answer.
    pub(crate) fn store(&self, error: StoreError) -> PageError {
        tracing::info!(%error, "page not answered");
        self.call.error(PageFault::Unavailable).of_store(error).into()
    }

    /// Something else that is needed is not to be had now: randomness, a place in the password pool.
    pub(crate) fn unavailable(&self, why: impl Into<Unavailable>) -> PageError {
        let page = self.call.error(PageFault::Unavailable);
        match why.into().retry_after() {
            Some(seconds) => page.with_retry_after(seconds).into(),
            None => page.into(),
        }
    }

    /// Reads at a freshness.
    pub(crate) async fn view<A: Send>(
        &self,
        fresh: Freshness,
        f: impl FnMut(&View<'_>) -> Result<A, Abort> + Send,
    ) -> Result<A, PageError> {
        let done = self.services.store.view(&self.call.context.request(), fresh, f).await;
        done.map(|done| done.answer).map_err(|error| self.store(error))
    }

    /// Runs a transaction.
    pub(crate) async fn transact<A: Send>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<Outcome<A>, Abort> + Send,
    ) -> Result<A, PageError> {
        let done = self.services.store.transact(&self.call.context.request(), f).await;
        done.map(|done| done.answer).map_err(|error| self.store(error))
    }

    /// `N` unpredictable bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], PageError> {
        self.services.random().map_err(|error| self.unavailable(error))
    }

    /// The frame of this realm's pages.
    pub(crate) fn shell(&self, read: &impl Read) -> Result<Shell, Abort> {
        Shell::of(read, &self.call.realm, self.lang)
    }

    /// The session that the browser presents, if it counts in this view.
    pub(crate) fn session(&self, read: &impl Read) -> Result<Option<LiveSession>, Abort> {
        let Some(hash) = &self.call.session else { return Ok(None) };
        Ok(session::live(read, &self.call.realm.key, hash)?.ok())
    }

    /// The person as the one who acts.
    pub(crate) fn actor(&self, session: &LiveSession) -> Actor {
        Actor::user(session.user().key.1, self.call.context.client(), self.call.context.id.as_ref())
    }

    /// Binds a form to this browser: to its session, or before sign-in to a cookie of its own.
    pub(crate) async fn bind(&self) -> Result<Binding, PageError> {
        let (browser, cookie) = if let Some(browser) = self.call.browser() {
            (browser, None)
        } else {
            let token = OpaqueToken::from_random(&self.random()?);
            (token.hash(), cookie::PRE_LOGIN.set(token.reveal(), None))
        };
        let proof = self.view(Freshness::Local, |view| csrf::token(view, &self.call.realm.key, &browser)).await?;
        Ok(Binding { proof, cookie })
    }
}
