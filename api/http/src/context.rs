//! What is known of a request before anyone reads it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::HOST;
use http::request::Parts;
use raft_store_core::{Freshness, Request, StoreError, Stored};
use uuid::Uuid;
use woad_identity::realm::{self, HostName, Realms};

use crate::error::Refused;
use crate::guarded::Presentation;
use crate::services::Services;

/// The address that a trusted proxy calls for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind(pub(crate) IpAddr);

/// The other end of a connection. Forwarding headers change nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// By TCP.
    Tcp(SocketAddr),
    /// By the operations socket, whose file mode admits the local administrator alone.
    Unix {
        /// Its user, by the kernel.
        uid: Option<u32>,
    },
    /// Not served by [`crate::server::serve`]: a test.
    Unknown,
}

impl Peer {
    /// Its address, if it has one.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix { .. } | Self::Unknown => None,
        }
    }
}

/// A request's name and origin.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Names the request in logs, audit and answer (`X-Request-Id`). Always made here.
    pub id: Arc<str>,
    /// Who is connected.
    pub peer: Peer,
    /// Whom a trusted proxy calls for.
    pub(crate) behind: Option<IpAddr>,
    pub(crate) presented: Presentation,
}

impl RequestContext {
    /// A new request from this peer.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self { id: Uuid::now_v7().to_string().into(), peer, behind: None, presented: Presentation::default() }
    }

    /// The address of who asks: behind trusted proxies what they say, else the peer's.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.behind.or_else(|| self.peer.ip())
    }

    /// What the store is given with this request.
    #[must_use]
    pub fn request(&self) -> Request {
        Request::new(self.id.as_ref())
    }
}

/// The host that a request names.
///
/// # Errors
/// [`Refused::ConflictingHeaders`] when it names none or two; [`Refused::Misdirected`] when it can't be a host.
pub fn host(parts: &Parts) -> Result<HostName, Refused> {
    let mut headers = parts.headers.get_all(HOST).iter();
    let header = headers.next().map(|value| value.to_str().map_err(|_| Refused::ConflictingHeaders)).transpose()?;
    if headers.next().is_some() {
        return Err(Refused::ConflictingHeaders);
    }
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let (first, second) = (authority.or(header), authority.and(header));
    let name = HostName::parse(first.ok_or(Refused::ConflictingHeaders)?).map_err(|_| Refused::Misdirected)?;
    if second.is_some_and(|second| HostName::parse(second).as_ref() != Ok(&name)) {
        return Err(Refused::ConflictingHeaders);
    }
    Ok(name)
}

/// Why there is no realm for a request.
#[derive(Debug, thiserror::Error)]
pub enum NoRealm {
    /// No realm answers under the host, or it names none.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The realm that answers under the request's host.
///
/// Read from this replica's state each time; only when that knows none, a quorum is asked, so that a realm made
/// through another replica is found at once.
///
/// # Errors
/// See [`NoRealm`].
pub async fn realm(services: &Services, context: &RequestContext, parts: &Parts) -> Result<Stored<Realms>, NoRealm> {
    let host = host(parts)?;
    let request = context.request();
    for fresh in [Freshness::Local, Freshness::Linearizable] {
        let found = services.store.view(&request, fresh, |view| realm::by_host(view, &host)).await?;
        if let Some(realm) = found.answer {
            return Ok(realm);
        }
    }
    Err(Refused::Misdirected.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(uri: &str, hosts: &[&str]) -> Result<String, Refused> {
        let mut request = http::Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        host(&parts).map(|host| host.as_str().to_owned())
    }

    #[test]
    fn host_comes_from_authority_or_header_and_they_agree() {
        let here = || Ok("iam.example".to_owned());
        assert_eq!(host_of("/token", &["IAM.example"]), here());
        assert_eq!(host_of("https://iam.example/token", &[]), here());
        assert_eq!(host_of("https://iam.example/token", &["iam.example:443"]), here());
        for (uri, hosts, error) in [
            ("https://iam.example/token", &["evil.example"][..], Refused::ConflictingHeaders),
            ("/token", &[], Refused::ConflictingHeaders),
            ("/token", &["iam.example", "iam.example"], Refused::ConflictingHeaders),
            ("/token", &["iam.example/x"], Refused::Misdirected),
            ("/token", &["user@iam.example"], Refused::Misdirected),
        ] {
            assert_eq!(host_of(uri, hosts), Err(error), "{uri} {hosts:?}");
        }
    }
}
