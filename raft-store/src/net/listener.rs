//! The peer port: TLS first, then gRPC. A caller without certificate may only join.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::Limited;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::server::Connected;

use super::MESSAGE_LIMIT;
use super::accept::{Doors, Held, accept};
use super::server::PeerService;
use super::trusting::Trusting;
use crate::limits::STRANGER_BYTES;
use crate::proto::peer_server::PeerServer;
use crate::trust::PeerTls;

/// Bytes of request headers.
const HEADER_LIMIT: u32 = 16 * 1024;
/// Calls at once on one connection.
const STREAMS: u32 = 1024;

/// Who is at the other end: the node its certificate names, or a stranger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerInfo {
    pub(crate) node: Option<u64>,
    /// Where the connection comes from; `None`: not over TCP.
    pub(crate) from: Option<IpAddr>,
}

/// A connection with its proved name.
pub(crate) struct PeerStream<S> {
    stream: S,
    info: PeerInfo,
    held: Option<Held>,
}

impl<S> PeerStream<S> {
    /// With its place.
    pub(super) const fn held(stream: S, info: PeerInfo, held: Held) -> Self {
        Self { stream, info, held: Some(held) }
    }
}

impl<S> Connected for PeerStream<S> {
    type ConnectInfo = PeerInfo;
    fn connect_info(&self) -> PeerInfo {
        self.info
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PeerStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(held) = &mut self.held {
            held.must_go(cx)?;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PeerStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A connection over TCP.
pub(super) type TlsPeer = PeerStream<Trusting<TlsStream<TcpStream>>>;
/// Connections accepted and not yet served.
const ACCEPTED: usize = 16;

/// Serves peers over mutual TLS until cancelled.
pub(crate) async fn serve_tls(
    listener: TcpListener,
    tls: Arc<PeerTls>,
    doors: Doors,
    service: PeerService,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (sender, receiver) = mpsc::channel::<io::Result<TlsPeer>>(ACCEPTED);
    let acceptor = tokio::spawn(accept(listener, tls, doors, sender, stop.clone()));
    let result = serve(receiver, service, stop).await;
    acceptor.abort();
    result
}

/// Serves peers whose connections are authenticated elsewhere, until cancelled.
#[cfg(feature = "simulation")]
pub(crate) async fn serve_plain(
    mut incoming: Box<dyn crate::dial::Incoming>,
    service: PeerService,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (sender, receiver) = mpsc::channel(ACCEPTED);
    let acceptor = tokio::spawn(async move {
        while let Ok((stream, node)) = incoming.accept().await {
            let peer = PeerStream { stream, info: PeerInfo { node: Some(node), from: None }, held: None };
            if sender.send(Ok(peer)).await.is_err() {
                return;
            }
        }
    });
    let result = serve(receiver, service, stop).await;
    acceptor.abort();
    result
}

async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    incoming: mpsc::Receiver<io::Result<PeerStream<S>>>,
    service: PeerService,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let server =
        PeerServer::new(service).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT);
    tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(2)))
        .http2_keepalive_timeout(Some(Duration::from_secs(2)))
        .http2_max_header_list_size(HEADER_LIMIT)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(4 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .layer(tower::layer::layer_fn(MembersOnly))
        .add_service(server)
        .serve_with_incoming_shutdown(ReceiverStream::new(incoming), stop.cancelled_owned())
        .await
}

/// The one call for strangers.
const JOIN: &str = "/woad.peer.v1.Peer/Join";

/// Turns strangers away before a byte of their message is decoded. Who is still a member is asked at every call.
#[derive(Clone)]
struct MembersOnly<S>(S);

impl<S, R> tower::Service<http::Request<Body>> for MembersOnly<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<R>>,
    S::Future: Send + 'static,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = futures::future::Either<S::Future, futures::future::Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let known = request.extensions().get::<PeerInfo>().is_some_and(|info| info.node.is_some());
        if known {
            return futures::future::Either::Left(self.0.call(request));
        }
        if request.uri().path() == JOIN {
            let bounded = request.map(|body| Body::new(Limited::new(body, STRANGER_BYTES)));
            return futures::future::Either::Left(self.0.call(bounded));
        }
        let refusal = tonic::Status::unauthenticated("a certificate of this cluster is needed");
        futures::future::Either::Right(futures::future::ready(Ok(refusal.into_http())))
    }
}
