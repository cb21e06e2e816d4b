//! Answering connections: TLS, HTTP/1.1 and 2, limits, and an orderly end.

mod connection;
mod idle;
#[cfg(test)]
mod serve_test;
mod socket;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::Semaphore;
use tower::ServiceExt;

pub use socket::Socket;

use crate::context::Peer;
use crate::limits::MAX_CONNECTIONS;
use socket::Accepted;

/// Gives the TLS configuration for the next connection, so that certificates can change under way. It must offer
/// `h2` and `http/1.1` by ALPN for both to be spoken.
pub type TlsProvider = Arc<dyn Fn() -> Arc<rustls::ServerConfig> + Send + Sync>;

/// How a listener behaves.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// How long requests under way may still take after the end was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: MAX_CONNECTIONS, drain: Duration::from_secs(1) }
    }
}

/// How long to wait when the system can't give us another connection (file descriptors, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut tasks = tokio::task::JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, socket.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => next,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
        };
        match accepted {
            Ok(accepted) => {
                let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
                tasks.spawn(async move {
                    connection::answer(accepted, tls, router, watcher).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
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

/// One request through the router, its peer noted.
async fn answer(router: Router, peer: Peer, mut request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    request.extensions_mut().insert(peer);
    router.oneshot(request.map(axum::body::Body::new)).await
}

impl Accepted {
    const fn peer(&self) -> Peer {
        match self {
            Self::Tcp(_, address) => Peer::Tcp(*address),
            Self::Unix(_, uid) => Peer::Unix { uid: *uid },
        }
    }
}
