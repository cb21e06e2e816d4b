//! The peer port: TLS first, then gRPC. A caller without certificate may only join.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::server::PeerService;
use super::{MESSAGE_LIMIT, RefusedPeers};
use crate::proto::peer_server::PeerServer;
use crate::trust::PeerTls;

/// A handshake takes no longer, or its connection is closed.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// Connections in handshake at once; more wait in the kernel.
const HANDSHAKES: usize = 64;
/// Connections at once: members hold a handful each, joining nodes one.
const CONNECTIONS: usize = 512;
/// Of these, connections without a certificate. They cost nothing to open, so they must not keep members out.
const STRANGERS: usize = 32;
/// Bytes of request headers.
const HEADER_LIMIT: u32 = 16 * 1024;
/// Calls at once on one connection.
const STREAMS: u32 = 1024;

/// Who is at the other end: the node its certificate names, or a stranger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerInfo {
    pub(crate) node: Option<u64>,
}

/// A connection with its proved name.
pub(crate) struct PeerStream<S> {
    stream: S,
    info: PeerInfo,
    _counted: Option<Counted>,
}

/// How many connections are open.
#[derive(Default)]
struct Open {
    all: AtomicUsize,
    strangers: AtomicUsize,
}

/// A connection that is counted while it lives.
struct Counted {
    open: Arc<Open>,
    stranger: bool,
}

impl Counted {
    /// `None`: there are too many strangers.
    fn new(open: &Arc<Open>, stranger: bool) -> Option<Self> {
        open.all.fetch_add(1, Ordering::Relaxed);
        let too_many = stranger && open.strangers.fetch_add(1, Ordering::Relaxed) >= STRANGERS;
        let counted = Self { open: Arc::clone(open), stranger };
        (!too_many).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.all.fetch_sub(1, Ordering::Relaxed);
        if self.stranger {
            self.open.strangers.fetch_sub(1, Ordering::Relaxed);
        }
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
type TlsPeer = PeerStream<TlsStream<TcpStream>>;
/// Connections accepted and not yet served.
const ACCEPTED: usize = 16;

/// Serves peers over mutual TLS until cancelled.
pub(crate) async fn serve_tls(
    listener: TcpListener,
    tls: Arc<PeerTls>,
    service: PeerService,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (sender, receiver) = mpsc::channel::<io::Result<TlsPeer>>(ACCEPTED);
    let refused = Arc::clone(&service.cluster.refused);
    let acceptor = tokio::spawn(accept(listener, tls, sender, refused, stop.clone()));
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
            let peer = PeerStream { stream, info: PeerInfo { node: Some(node) }, _counted: None };
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

async fn accept(
    listener: TcpListener,
    tls: Arc<PeerTls>,
    sender: mpsc::Sender<io::Result<TlsPeer>>,
    refused: Arc<RefusedPeers>,
    stop: CancellationToken,
) {
    let open = Arc::new(Open::default());
    let handshakes = Arc::new(tokio::sync::Semaphore::new(HANDSHAKES));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "peer listener");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        if open.all.load(Ordering::Relaxed) >= CONNECTIONS {
            tracing::warn!(%from, "peer connection refused: too many");
            refused.note(RefusedPeers::TOO_MANY, Some(from.ip()));
            continue;
        }
        let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (tls, sender, open) = (Arc::clone(&tls), sender.clone(), Arc::clone(&open));
        let refused = Arc::clone(&refused);
        tokio::spawn(async move {
            let _permit = permit;
            match tokio::time::timeout(HANDSHAKE, shake(stream, &tls)).await {
                Ok(Ok((stream, info))) => {
                    if let Some(counted) = Counted::new(&open, info.node.is_none()) {
                        drop(sender.send(Ok(PeerStream { stream, info, _counted: Some(counted) })).await);
                    } else {
                        tracing::warn!(%from, "peer connection refused: too many without a certificate");
                        refused.note(RefusedPeers::TOO_MANY, Some(from.ip()));
                    }
                }
                Ok(Err(error)) => {
                    tracing::info!(%from, %error, "peer handshake refused");
                    refused.note(RefusedPeers::HANDSHAKE, Some(from.ip()));
                }
                Err(_) => tracing::info!(%from, "peer handshake took too long"),
            }
        });
    }
}

async fn shake(stream: TcpStream, tls: &PeerTls) -> io::Result<(TlsStream<TcpStream>, PeerInfo)> {
    stream.set_nodelay(true)?;
    let config = tls.server().map_err(crate::disk::io_error)?;
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    let node = tls.peer(stream.get_ref().1.peer_certificates()).map(|peer| peer.node.0);
    Ok((stream, PeerInfo { node }))
}

/// The one call for strangers.
const JOIN: &str = "/woad.peer.v1.Peer/Join";

/// Turns strangers away before a byte of their message is decoded. Who is still a member is asked at every call.
#[derive(Clone)]
struct MembersOnly<S>(S);

impl<S, B, R> tower::Service<http::Request<B>> for MembersOnly<S>
where
    S: tower::Service<http::Request<B>, Response = http::Response<R>>,
    S::Future: Send + 'static,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = futures::future::Either<S::Future, futures::future::Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let known = request.extensions().get::<PeerInfo>().is_some_and(|info| info.node.is_some());
        if known || request.uri().path() == JOIN {
            return futures::future::Either::Left(self.0.call(request));
        }
        let refusal = tonic::Status::unauthenticated("a certificate of this cluster is needed");
        futures::future::Either::Right(futures::future::ready(Ok(refusal.into_http())))
    }
}
