//! Where a request's answer goes.

use raft_store_core::{Abort, Read, Stored};

use super::error::{AuthorizeError, PageFault};
use super::evaluate::Evaluation;
use super::redirect::{self, RedirectUrl};
use crate::client::{self, Clients};
use crate::ids::ClientId;
use crate::realm::{Realm, Realms};

/// Where a request's answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// As the request has it; without one, the client's only one.
    pub(super) uri: String,
    /// As it is registered.
    pub(super) registered: String,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
}

impl Target {
    pub(super) fn find(
        realm: &Realm,
        client: &Stored<Clients>,
        sent: Option<&str>,
        state: Option<&str>,
    ) -> Result<Self, PageFault> {
        if !client.row.active {
            return Err(PageFault::ClientSuspended);
        }
        let known = &client.row.redirect_uris;
        let (uri, registered) = match (sent, known.as_slice()) {
            (Some(sent), known) => (sent, redirect::registered(known, sent).ok_or(PageFault::RedirectUnknown)?),
            (None, [only]) => (only.as_str(), only.as_str()),
            (None, _) => return Err(PageFault::RedirectMissing),
        };
        Ok(Self {
            uri: uri.to_owned(),
            registered: registered.to_owned(),
            state: state.map(str::to_owned),
            issuer: realm.issuer.clone(),
        })
    }

    /// The answer: its parameters, then `state` and `iss` (RFC 9207).
    pub(super) fn answer(&self, parameters: &[(&str, &str)]) -> RedirectUrl {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all: Vec<_> = parameters.iter().copied().chain(state).chain([("iss", self.issuer.as_str())]).collect();
        RedirectUrl::new(&self.uri, &all)
    }

    pub(super) fn error(&self, error: AuthorizeError) -> Evaluation {
        let text = error.to_string();
        let url = self.answer(&[("error", error.code()), ("error_description", &text)]);
        Evaluation::RedirectError { url, error }
    }
}

/// The client of a request, and where its answer goes; else what the person is told.
pub(super) fn client_and_target(
    read: &impl Read,
    realm: &Stored<Realms>,
    client_id: &str,
    redirect_uri: Option<&str>,
    state: Option<&str>,
) -> Result<Result<(Stored<Clients>, Target), PageFault>, Abort> {
    let Ok(id) = ClientId::parse(client_id) else { return Ok(Err(PageFault::ClientUnknown)) };
    let Some(client) = client::get(read, &realm.key, &id)? else { return Ok(Err(PageFault::ClientUnknown)) };
    Ok(Target::find(&realm.row, &client, redirect_uri, state).map(|target| (client, target)))
}
