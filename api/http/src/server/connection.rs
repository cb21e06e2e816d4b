//! One connection.

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::idle::Idle;
use super::socket::Accepted;
use super::{TlsProvider, answer as answer_request};
use crate::context::Peer;
use crate::limits::{
    HANDSHAKE_TIMEOUT, HEAD_TIMEOUT, IDLE_TIMEOUT, MAX_ERROR_RESETS, MAX_HEADER_BYTES, MAX_HEADERS, MAX_PENDING_RESETS,
    MAX_STREAMS, PING_INTERVAL, PING_TIMEOUT, READ_BUFFER_BYTES,
};

/// What a TLS client says in ALPN when it speaks HTTP/2.
const H2: &[u8] = b"h2";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

pub(super) async fn answer(accepted: Accepted, tls: Option<TlsProvider>, router: Router, watcher: Watcher) {
    let peer = accepted.peer();
    match (accepted, tls) {
        (Accepted::Tcp(stream, _), Some(tls)) => {
            let handshake = TlsAcceptor::from(tls()).accept(stream);
            match timeout(HANDSHAKE_TIMEOUT, handshake).await {
                Ok(Ok(stream)) => {
                    let h2 = stream.get_ref().1.alpn_protocol() == Some(H2);
                    let version = if h2 { Version::Http2 } else { Version::Http1 };
                    speak(stream, version, peer, router, watcher).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            }
        }
        (Accepted::Tcp(stream, _), None) => speak(stream, Version::Http1, peer, router, watcher).await,
        (Accepted::Unix(stream, _), _) => speak(stream, Version::Http1, peer, router, watcher).await,
    }
}

async fn speak<I>(io: I, version: Version, peer: Peer, router: Router, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer_request(router.clone(), peer, request));
    let builder = builder(version);
    let connection = builder.serve_connection(TokioIo::new(Idle::new(io, IDLE_TIMEOUT)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "connection ended");
    }
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
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}
