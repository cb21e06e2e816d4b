//! Accepting at the peer port while too many want in. Members get through: a handshake that lasts goes for a newer one,
//! first of the address that has most of them, and last of one from which a member came; and who has shown no certificate
//! holds one of a few places, which newer ones take over.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use woad_admission::{Door, DoorMetrics, Place};

use super::RefusedPeers;
use super::listener::{PeerInfo, PeerStream, TlsPeer};
use super::trusting::Trusting;
use crate::limits::{HANDSHAKE, MEMBERS, STRANGERS};
use crate::trust::PeerTls;

/// How long to wait when the system has no file descriptor for a connection.
const PAUSE: Duration = Duration::from_millis(20);
/// How often that is told, and that there are too many, at most.
const LOG: Duration = Duration::from_secs(10);

/// Where connections at the peer port get their places.
pub(crate) struct Doors {
    members: Arc<Door>,
    strangers: Arc<Door>,
    refused: Arc<RefusedPeers>,
}

impl Doors {
    /// Counting there.
    pub(crate) fn new(members: DoorMetrics, strangers: DoorMetrics, refused: Arc<RefusedPeers>) -> Self {
        Self { members: Door::new(MEMBERS, [], members), strangers: Door::new(STRANGERS, [], strangers), refused }
    }
}

/// A connection's place at one of the doors.
pub(crate) struct Held {
    _place: Arc<Place>,
    /// Resolves when a stranger must go for another.
    go: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
    gone: bool,
}

impl Held {
    /// Whether the connection must end now.
    pub(super) fn must_go(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(Poll::Ready(())) = self.go.as_mut().map(|go| go.as_mut().poll(cx)) {
            // It is not polled again.
            self.go = None;
            self.gone = true;
        }
        if self.gone {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "closed for another"));
        }
        Ok(())
    }
}

/// What is told now and then, however often it happens.
#[derive(Default)]
struct Told(Option<Instant>);

impl Told {
    fn now(&mut self) -> bool {
        let due = self.0.is_none_or(|told| told.elapsed() >= LOG);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}

/// Accepts until cancelled.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Arc<PeerTls>,
    doors: Doors,
    sender: mpsc::Sender<io::Result<TlsPeer>>,
    stop: CancellationToken,
) {
    let doors = Arc::new(doors);
    let mut told = Told::default();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => match doors.members.enter(Some(from.ip())) {
                Ok(place) => {
                    let (tls, doors, sender) = (Arc::clone(&tls), Arc::clone(&doors), sender.clone());
                    tokio::spawn(async move { admit(stream, from, &tls, place, &doors, sender).await });
                }
                Err(refusal) => {
                    doors.refused.note(RefusedPeers::TOO_MANY, Some(from.ip()));
                    if told.now() {
                        tracing::warn!(%from, ?refusal, "peer connections are refused");
                    }
                }
            },
            Err(error) => {
                doors.members.metrics().system_refused();
                if told.now() {
                    tracing::warn!(%error, "peer listener");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Shakes hands and hands the connection over, with the place that belongs to who it is.
async fn admit(
    stream: TcpStream,
    from: SocketAddr,
    tls: &Arc<PeerTls>,
    place: Place,
    doors: &Doors,
    sender: mpsc::Sender<io::Result<TlsPeer>>,
) {
    let shaken = tokio::select! {
        () = place.must_go() => return,
        shaken = tokio::time::timeout(HANDSHAKE, shake(stream, from.ip(), tls)) => shaken,
    };
    match shaken {
        Ok(Ok((stream, info))) => {
            let held = if info.node.is_some() {
                place.proved();
                Held { _place: Arc::new(place), go: None, gone: false }
            } else {
                drop(place);
                let Ok(place) = doors.strangers.enter(Some(from.ip())) else {
                    doors.refused.note(RefusedPeers::TOO_MANY, Some(from.ip()));
                    return;
                };
                let place = Arc::new(place);
                let watched = Arc::clone(&place);
                Held { _place: place, go: Some(Box::pin(async move { watched.must_go().await })), gone: false }
            };
            drop(sender.send(Ok(PeerStream::held(stream, info, held))).await);
        }
        Ok(Err(error)) => {
            tracing::info!(%from, %error, "peer handshake refused");
            doors.refused.note(RefusedPeers::HANDSHAKE, Some(from.ip()));
        }
        Err(_) => {
            doors.members.metrics().slow_handshake();
            tracing::info!(%from, "peer handshake took too long");
        }
    }
}

async fn shake(
    stream: TcpStream,
    from: IpAddr,
    tls: &Arc<PeerTls>,
) -> io::Result<(Trusting<TlsStream<TcpStream>>, PeerInfo)> {
    stream.set_nodelay(true)?;
    let changes = tls.changes();
    let config = tls.server().map_err(crate::disk::io_error)?;
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    let certificates = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec);
    let node = tls.peer(certificates.as_deref()).map(|peer| peer.node.0);
    let stream = Trusting::new(stream, Arc::clone(tls), changes, certificates.as_deref());
    Ok((stream, PeerInfo { node, from: Some(from) }))
}
