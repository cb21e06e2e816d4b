//! Answering connections: TLS, HTTP/1.1 and 2, limits, and an orderly end.

mod connection;
mod frames;
mod held;
mod paced;
#[cfg(test)]
mod serve_test;
mod socket;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::server::graceful::GracefulShutdown;
use tower::ServiceExt;
use woad_admission::{Door, RequestUnderWay};

pub use socket::Socket;

use crate::context::{Behind, Peer};
use crate::forwarded::Proxies;
use crate::load::{Admitted, Load};
use connection::Connection;
use held::Held;
use socket::Accepted;

/// Gives the TLS configuration for the next connection, so that certificates can change under way. It must offer
/// `h2` and `http/1.1` by ALPN for both to be spoken.
pub type TlsProvider = Arc<dyn Fn() -> Arc<rustls::ServerConfig> + Send + Sync>;

/// How a listener behaves.
#[derive(Clone)]
pub struct Limits {
    /// Where connections get their places. Several listeners may share one.
    pub door: Arc<Door>,
    /// How long requests under way may still take after the end was asked for.
    pub drain: Duration,
    /// What counts requests under way and refuses them; `None`: nobody is refused.
    pub load: Option<Arc<Load>>,
    /// Whom to believe about the client's address.
    pub proxies: Option<Arc<Proxies>>,
}

/// How long to wait when the system can't give us another connection (file descriptors, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often that is told at most.
const ACCEPT_LOG: Duration = Duration::from_secs(10);

/// Answers connections until `shutdown` resolves, then stops accepting, lets requests under way end for at most
/// [`Limits::drain`], and returns. Connections of a TLS listener speak HTTP/2 when they negotiate it; without TLS
/// only HTTP/1.1 is spoken.
pub async fn serve(
    mut socket: Socket,
    tls: Option<TlsProvider>,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
    limits: Limits,
) {
    let graceful = GracefulShutdown::new();
    let mut tasks = tokio::task::JoinSet::new();
    let mut told: Option<Instant> = None;
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = socket.accept() => accepted,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
        };
        match accepted {
            Ok(accepted) => {
                let peer = accepted.peer();
                // Without a place it is closed at once: there is nothing to be said before TLS.
                let Ok(place) = limits.door.enter(peer.ip()) else { continue };
                let connection = Connection {
                    place: Arc::new(place),
                    metrics: limits.door.metrics().clone(),
                    load: limits.load.clone(),
                    proxies: limits.proxies.clone(),
                    peer,
                    router: router.clone(),
                    watcher: graceful.watcher(),
                };
                tasks.spawn(connection.answer(accepted, tls.clone()));
            }
            Err(error) => {
                limits.door.metrics().system_refused();
                if told.is_none_or(|told| told.elapsed() >= ACCEPT_LOG) {
                    tracing::warn!(%error, "connections can't be accepted");
                    told = Some(Instant::now());
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(socket);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when their time to end was over");
    }
    tasks.shutdown().await;
}

/// One request through the router, its peer noted. It is under way until the answer's last byte was taken.
async fn answer(
    router: Router,
    peer: Peer,
    load: Option<Arc<Load>>,
    proxies: Option<Arc<Proxies>>,
    under_way: RequestUnderWay,
    mut request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(peer);
    if let (Some(proxies), Some(address)) = (proxies, peer.ip()) {
        let client = proxies.client(address, request.headers());
        request.extensions_mut().insert(Behind(client));
    }
    if let Some(load) = load {
        request.extensions_mut().insert(load);
    }
    let mut response = router.oneshot(request.map(Body::new)).await?;
    let admitted = response.extensions_mut().remove::<Arc<Admitted>>();
    Ok(response.map(|body| Body::new(Held::new(body, (under_way, admitted)))))
}

impl Accepted {
    const fn peer(&self) -> Peer {
        match self {
            Self::Tcp(_, address) => Peer::Tcp(*address),
            Self::Unix(_, uid) => Peer::Unix { uid: *uid },
        }
    }
}
