//! Somebody between the members who holds all their keys: TLS ends here and begins again, and what passes can be held
//! back, swallowed or changed. What the members' own checks are worth beyond TLS is seen only so.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::peer::{Identity, client_config};

/// HTTP/2's connection preface.
const PREFACE: usize = 24;
/// HTTP/2's frame header: 3 bytes of length, type, flags, 4 bytes of stream.
const HEADER: usize = 9;
const DATA: u8 = 0;
/// Frames of bulk are full or nearly so; those of a log that trickles are not.
const BULK: usize = 8 * 1024;
/// Pieces held back on one connection.
const PIECES: usize = 1024;

/// Takes whoever comes: it matters who they are, not whether they may.
#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What is done to what passes.
#[derive(Debug, Default)]
struct Will {
    /// In how many bulky frames of requests a letter is still to be changed, and of which word.
    change: Mutex<(usize, Vec<u8>)>,
    changed: AtomicUsize,
    /// Answers are read and not passed on.
    swallow: AtomicBool,
    swallowed: AtomicUsize,
    /// Everything is held back for that many milliseconds, or half as much again.
    hold: AtomicU64,
}

impl Will {
    fn change(&self, payload: &mut [u8]) {
        let mut change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, word) = &mut *change;
        if *times == 0 || word.is_empty() {
            return;
        }
        let at = payload.windows(word.len()).position(|window| window == word.as_slice());
        if let Some(letter) = at.and_then(|at| payload.get_mut(at)) {
            *letter ^= 1;
            *times -= 1;
            self.changed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// When a piece of that length that came now may go on.
    fn due(&self, length: usize) -> Instant {
        let hold = self.hold.load(Ordering::Relaxed);
        let jitter = u64::try_from(length).unwrap_or_default().wrapping_mul(7_919) % (hold + 1);
        Instant::now() + Duration::from_millis(if hold > 0 { hold / 2 + jitter } else { 0 })
    }
}

/// A piece, and when it may go on.
type Due = (Instant, Vec<u8>);

/// Passes pieces on in their order, each when it is due.
async fn pass(mut pieces: mpsc::Receiver<Due>, mut to: impl AsyncWrite + Unpin) -> Result<()> {
    while let Some((due, piece)) = pieces.recv().await {
        tokio::time::sleep_until(due).await;
        to.write_all(&piece).await?;
        to.flush().await?;
    }
    Ok(())
}

/// In front of one member's peer listener.
pub struct Middle {
    address: SocketAddr,
    will: Arc<Will>,
    cuts: watch::Sender<u64>,
    task: JoinHandle<()>,
}

/// Who is behind it, and whose keys it holds.
struct Behind {
    /// The member's listener.
    target: SocketAddr,
    /// The member's data folder.
    own: PathBuf,
    /// Those of all members.
    members: Vec<PathBuf>,
    will: Arc<Will>,
}

impl Middle {
    /// Listens at `address` for the member whose listener is `target` and whose data folder is `own`; `members` are the
    /// folders of all. Keys are read when they are needed: a member has none before it joins.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn open(address: SocketAddr, target: SocketAddr, own: PathBuf, members: Vec<PathBuf>) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (will, (cuts, cut)) = (Arc::<Will>::default(), watch::channel(0));
        let behind = Arc::new(Behind { target, own, members, will: Arc::clone(&will) });
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (behind, mut cut) = (Arc::clone(&behind), cut.clone());
                cut.mark_unchanged();
                connections.spawn(async move {
                    tokio::select! {
                        _ = behind.carry(stream) => {}
                        _ = cut.changed() => {}
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, will, cuts, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the first letter of this word where it stands first in a bulky frame, in that many frames to come. The
    /// frame stays one that can be parsed.
    pub fn change(&self, word: &[u8], times: usize) {
        *self.will.change.lock().unwrap_or_else(PoisonError::into_inner) = (times, word.to_vec());
    }

    /// How many letters were changed.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.will.changed.load(Ordering::Relaxed)
    }

    /// Keeps answers to itself from now on, or no longer; what it kept is lost with the connections it came on.
    pub fn swallow(&self, on: bool) {
        self.will.swallow.store(on, Ordering::Relaxed);
        if !on {
            self.cut();
        }
    }

    /// How many pieces of answers were kept.
    #[must_use]
    pub fn swallowed(&self) -> usize {
        self.will.swallowed.load(Ordering::Relaxed)
    }

    /// Holds everything back for half to one and a half times as long.
    pub fn hold(&self, long: Duration) {
        self.will.hold.store(u64::try_from(long.as_millis()).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Ends all connections.
    pub fn cut(&self) {
        self.cuts.send_modify(|cut| *cut += 1);
    }
}

impl Drop for Middle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Behind {
    fn acceptor(&self) -> Result<TlsAcceptor> {
        let own = Identity::of_member(&self.own)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(Anybody(provider)))
            .with_single_cert(own.chain, own.key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// The member with that certificate.
    fn member(&self, certificate: &CertificateDer<'_>) -> Option<Identity> {
        let all = self.members.iter().filter_map(|folder| Identity::of_member(folder).ok());
        let mut all = all.filter(|identity| identity.chain.first() == Some(certificate));
        all.next()
    }

    async fn carry(&self, stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let from = self.acceptor()?.accept(stream).await?;
        let certificate = from.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned();
        let caller = certificate.and_then(|certificate| self.member(&certificate));
        let tcp = TcpStream::connect(self.target).await?;
        tcp.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(client_config(caller.as_ref())?));
        let to = connector.connect(ServerName::try_from("localhost")?, tcp).await?;
        let ((from_read, from_write), (to_read, to_write)) = (split(from), split(to));
        let ((ask, asked), (answer, answered)) = (mpsc::channel(PIECES), mpsc::channel(PIECES));
        tokio::select! {
            ended = self.ask(from_read, ask) => ended,
            ended = self.answer(to_read, answer) => ended,
            ended = pass(asked, to_write) => ended,
            ended = pass(answered, from_write) => ended,
        }
    }

    /// Requests, frame by frame.
    async fn ask(&self, mut from: impl AsyncRead + Unpin, to: mpsc::Sender<Due>) -> Result<()> {
        let mut preface = vec![0; PREFACE];
        from.read_exact(&mut preface).await?;
        to.send((Instant::now(), preface)).await?;
        loop {
            let mut header = [0; HEADER];
            from.read_exact(&mut header).await?;
            let [one, two, three, kind, ..] = header;
            let length = usize::try_from(u32::from_be_bytes([0, one, two, three]))?;
            let mut payload = vec![0; length];
            from.read_exact(&mut payload).await?;
            if kind == DATA && length >= BULK {
                self.will.change(&mut payload);
            }
            to.send((self.will.due(length), [header.as_slice(), &payload].concat())).await?;
        }
    }

    /// Answers, as they come.
    async fn answer(&self, mut from: impl AsyncRead + Unpin, to: mpsc::Sender<Due>) -> Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut buffer).await?;
            let piece = buffer.get(..length).filter(|piece| !piece.is_empty()).context("closed")?;
            if self.will.swallow.load(Ordering::Relaxed) {
                self.will.swallowed.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            to.send((self.will.due(length), piece.to_vec())).await?;
        }
    }
}
