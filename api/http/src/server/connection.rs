//! One connection.

use std::sync::Arc;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use woad_admission::{DoorMetrics, Place};

use super::frames::Frames;
use super::paced::{Pace, Paced};
use super::socket::Accepted;
use super::{TlsProvider, answer as answer_request};
use crate::context::Peer;
use crate::forwarded::Proxies;
use crate::limits::{
    ANSWER_BYTES, ANSWER_TIMEOUT, ANSWER_WINDOW, HANDSHAKE_TIMEOUT, HEAD_TIMEOUT, IDLE_TIMEOUT, MAX_CONNECTION_WINDOW,
    MAX_ERROR_RESETS, MAX_HEADER_BYTES, MAX_HEADERS, MAX_PENDING_RESETS, MAX_SEND_BUFFER, MAX_STREAM_WINDOW,
    MAX_STREAMS, PATROL, PING_INTERVAL, PING_TIMEOUT, READ_BUFFER_BYTES,
};
use crate::load::Load;

/// What a TLS client says in ALPN when it speaks HTTP/2.
const H2: &[u8] = b"h2";

const PACE: Pace = Pace { silence: IDLE_TIMEOUT, bytes: ANSWER_BYTES, within: ANSWER_WINDOW };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// A connection that has its place.
pub(super) struct Connection {
    pub(super) place: Arc<Place>,
    pub(super) metrics: DoorMetrics,
    pub(super) peer: Peer,
    pub(super) load: Option<Arc<Load>>,
    pub(super) proxies: Option<Arc<Proxies>>,
    pub(super) router: Router,
    pub(super) watcher: Watcher,
}

impl Connection {
    /// Answers until the other side is done, or its place is needed, or it is too slow.
    pub(super) async fn answer(self, accepted: Accepted, tls: Option<TlsProvider>) {
        let place = Arc::clone(&self.place);
        tokio::select! {
            () = place.must_go() => tracing::debug!("a connection is closed for another"),
            () = self.shake(accepted, tls) => {}
        }
    }

    async fn shake(self, accepted: Accepted, tls: Option<TlsProvider>) {
        match (accepted, tls) {
            (Accepted::Tcp(stream, _), Some(tls)) => {
                let handshake = TlsAcceptor::from(tls()).accept(Paced::new(stream, PACE));
                match timeout(HANDSHAKE_TIMEOUT, handshake).await {
                    Ok(Ok(stream)) => {
                        let h2 = stream.get_ref().1.alpn_protocol() == Some(H2);
                        if h2 {
                            let stream = Frames::new(stream, self.metrics.clone());
                            self.speak(stream, Version::Http2).await;
                        } else {
                            self.speak(stream, Version::Http1).await;
                        }
                    }
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                    Err(_) => {
                        self.metrics.slow_handshake();
                        tracing::debug!("TLS handshake took too long");
                    }
                }
            }
            (Accepted::Tcp(stream, _), None) => self.speak(Paced::new(stream, PACE), Version::Http1).await,
            (Accepted::Unix(stream, _), _) => self.speak(Paced::new(stream, PACE), Version::Http1).await,
        }
    }

    async fn speak<I>(self, io: I, version: Version)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { place, metrics, peer, load, proxies, router, watcher } = self;
        let asked = Arc::clone(&place);
        let service = service_fn(move |request| {
            answer_request(router.clone(), peer, load.clone(), proxies.clone(), asked.request(), request)
        });
        let builder = builder(version);
        let connection = builder.serve_connection(TokioIo::new(io), service);
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                if timed_out(error.as_ref()) {
                    metrics.slow();
                }
                tracing::debug!(error, "connection ended");
            },
            () = patrol(&place) => {
                metrics.slow();
                tracing::debug!("a connection is closed: it asks too slowly, or takes its answers too slowly");
            }
        }
    }
}

/// Returns when the peer keeps the connection without a request, or does not take an answer.
async fn patrol(place: &Place) {
    loop {
        tokio::time::sleep(PATROL).await;
        if place.silent_for(HEAD_TIMEOUT + HANDSHAKE_TIMEOUT) || place.answered_for(ANSWER_TIMEOUT) {
            return;
        }
    }
}

/// Whether a connection ended because nothing moved on it, or its head did not come.
fn timed_out(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let head = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_timeout);
        if head || io == Some(std::io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn builder(version: Version) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER_BYTES)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX))
        .initial_connection_window_size(MAX_CONNECTION_WINDOW)
        .initial_stream_window_size(MAX_STREAM_WINDOW)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}
