//! TLS between members: 1.3 only, both sides proven by the cluster's own authority, peers known by node id.
//!
//! Sessions are never resumed: a resumed session is not verified again, so it would outlive an expired certificate, and
//! a ticket won from one node would answer for another.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use raft_store_core::{NodeId, Timestamp};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};

use super::ca::CaPin;
use super::cluster_id::ClusterId;
use super::identity::NodeIdentity;
use super::peer_identity::PeerIdentity;
use super::verify::{self, MemberClient, MemberServer};

/// HTTP/2, which is all that gRPC speaks.
const ALPN: &[u8] = b"h2";

/// Why the peer side can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum PeerTlsError {
    /// The node's certificate is of another cluster, or a renewed one is of another node.
    #[error("certificate is of {found}, not of {expected}")]
    Foreign {
        /// What was expected: a cluster, or a node of one.
        expected: String,
        /// Who the certificate is of.
        found: PeerIdentity,
    },
    /// The authority's certificate, the node's key or the provider's algorithms are unusable.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// The wall clock that certificates are checked against, in milliseconds since the Unix epoch.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl WallClock {
    /// A clock.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }
}

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_millis((self.0)())))
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// This node's side of every peer connection. Configurations made from it follow [`Self::replace`]: a renewed
/// certificate is presented from the next handshake on.
pub struct PeerTls {
    name: PeerIdentity,
    trusted: ArcSwap<Trusted>,
    /// Counts the changes of `trusted`.
    changes: AtomicU64,
    presented: Presented,
    /// When the presented certificate expires, ms.
    until: AtomicU64,
    /// The authority of the presented certificate.
    presented_by: ArcSwapOption<CaPin>,
    provider: Arc<CryptoProvider>,
    clock: WallClock,
}

/// The authorities that are trusted: one, or two while they are rotated.
struct Trusted {
    certificates: Vec<CertificateDer<'static>>,
    roots: Arc<RootCertStore>,
}

impl Trusted {
    fn of(certificates: &[CertificateDer<'static>]) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate.clone())?;
        }
        Ok(Self { certificates: certificates.to_vec(), roots: Arc::new(roots) })
    }
}

impl PeerTls {
    /// The side of `identity` in `cluster`, which trusts these authorities and no other.
    ///
    /// # Errors
    /// See [`PeerTlsError`].
    pub fn new(
        cluster: ClusterId,
        authorities: &[CertificateDer<'static>],
        identity: &NodeIdentity,
        clock: WallClock,
    ) -> Result<Self, PeerTlsError> {
        let name = identity.name();
        if name.cluster != cluster {
            return Err(PeerTlsError::Foreign { expected: cluster.to_string(), found: name });
        }
        let trusted = ArcSwap::from_pointee(Trusted::of(authorities)?);
        let provider = provider();
        let certified = certified(identity, &provider)?;
        let presented = Presented(Arc::new(ArcSwap::from_pointee(certified)));
        let until = AtomicU64::new(identity.not_after().0);
        let presented_by = ArcSwapOption::from_pointee(issuer(identity));
        let changes = AtomicU64::new(0);
        Ok(Self { name, trusted, changes, presented, until, presented_by, provider, clock })
    }

    /// Who this node is.
    #[must_use]
    pub const fn name(&self) -> PeerIdentity {
        self.name
    }

    /// Presents a renewed certificate from the next handshake on.
    ///
    /// # Errors
    /// When it is of another node, or unusable; the old one stays.
    pub fn replace(&self, identity: &NodeIdentity) -> Result<(), PeerTlsError> {
        if identity.name() != self.name {
            return Err(PeerTlsError::Foreign { expected: self.name.to_string(), found: identity.name() });
        }
        self.presented.0.store(Arc::new(certified(identity, &self.provider)?));
        self.until.store(identity.not_after().0, Ordering::Relaxed);
        self.presented_by.store(issuer(identity).map(Arc::new));
        Ok(())
    }

    /// The pin of the authority that the presented certificate is of.
    #[must_use]
    pub fn presented_by(&self) -> Option<CaPin> {
        self.presented_by.load_full().map(|pin| *pin)
    }

    /// Trusts these authorities and no other: from the next handshake on, and connections that another one proved end.
    ///
    /// # Errors
    /// When one is no certificate; nothing changes then.
    pub fn trust(&self, authorities: &[CertificateDer<'static>]) -> Result<(), PeerTlsError> {
        self.trusted.store(Arc::new(Trusted::of(authorities)?));
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Whether exactly these are trusted, in this order.
    #[must_use]
    pub fn trusts(&self, authorities: &[CertificateDer<'_>]) -> bool {
        self.trusted.load().certificates == authorities
    }

    /// The pins of the trusted authorities.
    #[must_use]
    pub fn trusted_pins(&self) -> Vec<CaPin> {
        self.trusted.load().certificates.iter().filter_map(|der| CaPin::of(der)).collect()
    }

    /// Counts up when the trusted authorities change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Whether what a peer presented when its connection was made is still of a trusted authority.
    pub(crate) fn still_trusts(&self, presented: &[CertificateDer<'_>]) -> bool {
        let Some((leaf, more)) = presented.split_first() else { return false };
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify::is_of_authority(leaf, more, &self.trusted.load().roots, algorithms)
    }

    /// When the presented certificate expires.
    #[must_use]
    pub fn presented_until(&self) -> Timestamp {
        Timestamp(self.until.load(Ordering::Relaxed))
    }

    /// For the peer listener. A client certificate may be absent, because joining is the one call without; every other
    /// call must be refused unless [`Self::peer`] names a member. One that is presented must be of this cluster.
    ///
    /// # Errors
    /// When the provider lacks TLS 1.3.
    pub fn server(&self) -> Result<Arc<ServerConfig>, PeerTlsError> {
        let verifier = MemberClient::new(&self.trusted.load().roots, &self.provider, self.name.cluster)?;
        let mut config = ServerConfig::builder_with_details(Arc::clone(&self.provider), Arc::new(self.clock.clone()))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(self.presented.clone()));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }

    /// For connections to node `expected`, and to it alone: the server name given to the connection is not looked at.
    ///
    /// # Errors
    /// When the provider lacks TLS 1.3.
    pub fn client(&self, expected: NodeId) -> Result<Arc<ClientConfig>, PeerTlsError> {
        let expected = PeerIdentity { cluster: self.name.cluster, node: expected };
        let verifier = MemberServer::new(&self.trusted.load().roots, &self.provider, expected);
        let config = client(&self.provider, &self.clock, Arc::new(verifier))?;
        Ok(Arc::new(finish(config.with_client_cert_resolver(Arc::new(self.presented.clone())))))
    }

    /// Who a handshake proved the client to be; `None` for a connection without client certificate. Whether it is
    /// still a member is not known here.
    #[must_use]
    pub fn peer(&self, certificates: Option<&[CertificateDer<'_>]>) -> Option<PeerIdentity> {
        let peer = PeerIdentity::of_certificate(certificates?.first()?).ok()?;
        (peer.cluster == self.name.cluster).then_some(peer)
    }
}

/// The one crypto provider.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

type AwaitsIdentity = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

/// A client that verifies servers in its own way.
pub(super) fn client(
    provider: &Arc<CryptoProvider>,
    clock: &WallClock,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<AwaitsIdentity, rustls::Error> {
    let builder = ClientConfig::builder_with_details(Arc::clone(provider), Arc::new(clock.clone()));
    Ok(builder.with_protocol_versions(&[&TLS13])?.dangerous().with_custom_certificate_verifier(verifier))
}

/// What every peer client has in common.
pub(super) fn finish(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    // The name means nothing here, and needn't be told to whoever listens.
    config.enable_sni = false;
    config
}

fn certified(identity: &NodeIdentity, provider: &CryptoProvider) -> Result<CertifiedKey, rustls::Error> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.private_key().as_slice())).clone_key();
    CertifiedKey::from_der(identity.chain().to_vec(), key, provider)
}

/// The authority that issued an identity: the second certificate of its chain.
fn issuer(identity: &NodeIdentity) -> Option<CaPin> {
    identity.chain().get(1).and_then(CaPin::of)
}

/// What this node presents at the moment.
#[derive(Clone, Debug)]
struct Presented(Arc<ArcSwap<CertifiedKey>>);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ResolvesClientCert for Presented {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
