//! An authorization request that waits while somebody signs in or is asked.

use raft_store_core::{Abort, Read, Stored};
use woad_identity::authorize::{self, Arrival, AuthorizationRequest, MAX_WAIT};
use woad_identity::continuation::{self, Kind};
use woad_identity::realm::Realms;
use woad_identity::session::LiveSession;
use woad_identity::{ClientId, client};

/// See the module's documentation.
pub(crate) struct Pending {
    /// The continuation, as it travels.
    pub(crate) text: String,
    /// The request in it.
    pub(crate) request: AuthorizationRequest,
    /// When the request was made, cluster time in ms.
    pub(crate) issued_ms: u64,
    /// What the client calls itself.
    pub(crate) client_name: Option<String>,
    /// Where the answer will go; `None`, if the client is none any more or the redirect URI not its own.
    pub(crate) redirect_uri: Option<String>,
}

impl Pending {
    /// Opens a continuation; `None` when it is none of this realm's, or waited too long.
    pub(crate) fn open(read: &impl Read, realm: &Stored<Realms>, text: &str) -> Result<Option<Self>, Abort> {
        let opened = continuation::open(read, &realm.key, Kind::Authorization, text, MAX_WAIT)?;
        let Some(opened) = opened else { return Ok(None) };
        let Some(request) = AuthorizationRequest::from_bytes(&opened.payload) else { return Ok(None) };
        let client = match ClientId::parse(request.client_id()) {
            Ok(id) => client::get(read, &realm.key, &id)?,
            Err(_) => None,
        };
        Ok(Some(Self {
            text: text.to_owned(),
            issued_ms: opened.issued_ms,
            client_name: client.map(|client| client.row.client_name).filter(|name| !name.is_empty()),
            redirect_uri: authorize::destination(read, realm, &request)?.ok(),
            request,
        }))
    }

    /// The request with whoever is signed in now: a sign-in since it was made is one for it.
    pub(crate) const fn with<'a>(&'a self, session: Option<&'a LiveSession>) -> Arrival<'a> {
        Arrival { request: &self.request, session, login_after_ms: Some(self.issued_ms) }
    }

    /// Where the request goes on. The text is URL-safe, or it would not have opened.
    pub(crate) fn authorize(&self) -> String {
        format!("/authorize?continue={}", self.text)
    }

    /// Where somebody signs in for it.
    pub(crate) fn login(&self) -> String {
        format!("/login?continue={}", self.text)
    }
}
