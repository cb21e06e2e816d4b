//! How members verify each other's certificates.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};

use super::ca::CaPin;
use super::cluster_id::ClusterId;
use super::identity::MAX_CHAIN;
use super::peer_identity::PeerIdentity;
use super::x509;

/// Why a certificate that may well be valid is not this peer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefused {
    /// It names no node.
    #[error("certificate names no node of a cluster")]
    Nameless,
    /// It names a node of another cluster.
    #[error("certificate is of another cluster: {0}")]
    ForeignCluster(PeerIdentity),
    /// It names another node than the one that was called.
    #[error("called {expected}, but {found} answered")]
    WrongNode {
        /// Who was called.
        expected: PeerIdentity,
        /// Who answered.
        found: PeerIdentity,
    },
    /// The chain is longer than any of ours.
    #[error("certificate chain too long")]
    LongChain,
    /// No certificate in the chain has the key that the join token pins.
    #[error("server's authority is not the one that the join token pins")]
    PinMismatch,
}

impl From<PeerRefused> for Error {
    fn from(refused: PeerRefused) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
    }
}

/// The reason within a TLS error, when it is one of ours.
#[must_use]
pub fn refusal(error: &Error) -> Option<&PeerRefused> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) => reason.downcast_ref(),
        _ => None,
    }
}

fn bounded(intermediates: &[CertificateDer<'_>]) -> Result<(), Error> {
    if intermediates.len() < MAX_CHAIN { Ok(()) } else { Err(PeerRefused::LongChain.into()) }
}

fn name(end_entity: &CertificateDer<'_>) -> Result<PeerIdentity, Error> {
    PeerIdentity::of_certificate(end_entity).map_err(|_| PeerRefused::Nameless.into())
}

/// Whether a certificate was issued by one of these authorities, whenever it is valid.
pub(super) fn is_of_authority(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &RootCertStore,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> bool {
    let (Ok(parsed), Some((from, _))) = (ParsedCertificate::try_from(leaf), x509::validity(leaf)) else { return false };
    let at = UnixTime::since_unix_epoch(Duration::from_millis(from.0));
    verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, at, algorithms).is_ok()
}

/// A node of another cluster is named before its chain is looked at: it is what an operator needs to know.
fn not_foreign(end_entity: &CertificateDer<'_>, cluster: ClusterId) -> Result<(), Error> {
    match PeerIdentity::of_certificate(end_entity) {
        Ok(found) if found.cluster != cluster => Err(PeerRefused::ForeignCluster(found).into()),
        _ => Ok(()),
    }
}

/// Only TLS 1.3 is spoken; whoever asks for an older signature is refused.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered))
}

/// A server that must be one certain member.
#[derive(Debug)]
pub(super) struct MemberServer {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    expected: PeerIdentity,
}

impl MemberServer {
    pub(super) fn new(roots: &Arc<RootCertStore>, provider: &CryptoProvider, expected: PeerIdentity) -> Self {
        Self { roots: Arc::clone(roots), algorithms: provider.signature_verification_algorithms, expected }
    }
}

impl ServerCertVerifier for MemberServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        bounded(intermediates)?;
        not_foreign(end_entity, self.expected.cluster)?;
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        let found = name(end_entity)?;
        if found == self.expected {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(PeerRefused::WrongNode { expected: self.expected, found }.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A server whose authority has the key that a join token pins. Which member it is doesn't matter.
#[derive(Debug)]
pub(super) struct PinnedServer {
    algorithms: WebPkiSupportedAlgorithms,
    pin: CaPin,
}

impl PinnedServer {
    pub(super) fn new(provider: &CryptoProvider, pin: CaPin) -> Self {
        Self { algorithms: provider.signature_verification_algorithms, pin }
    }
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        bounded(intermediates)?;
        let pinned = intermediates.iter().find(|certificate| CaPin::of(certificate) == Some(self.pin));
        let authority = pinned.ok_or(PeerRefused::PinMismatch)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let parsed = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], now, self.algorithms.all)?;
        name(end_entity)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A client that is a node of this cluster, or presents nothing.
#[derive(Debug)]
pub(super) struct MemberClient {
    chain: Arc<dyn ClientCertVerifier>,
    cluster: ClusterId,
}

impl MemberClient {
    pub(super) fn new(
        roots: &Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
        cluster: ClusterId,
    ) -> Result<Self, Error> {
        let chain = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
            .allow_unauthenticated()
            .clear_root_hint_subjects()
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { chain, cluster })
    }
}

impl ClientCertVerifier for MemberClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        bounded(intermediates)?;
        not_foreign(end_entity, self.cluster)?;
        let verified = self.chain.verify_client_cert(end_entity, intermediates, now)?;
        let found = name(end_entity)?;
        if found.cluster == self.cluster { Ok(verified) } else { Err(PeerRefused::ForeignCluster(found).into()) }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
