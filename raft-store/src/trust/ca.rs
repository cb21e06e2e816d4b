//! The cluster's own certificate authority.

use std::{fmt, iter};

use aws_lc_rs::digest::{SHA256, digest};
use raft_store_core::{NodeId, Timestamp};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::address::{Host, PeerAddress};
use super::cluster_id::ClusterId;
use super::csr::ProvenKey;
use super::hex::Hex;
use super::p256::{BadKey, P256Key};
use super::peer_identity::PeerIdentity;
use super::x509;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Ten years: the authority is replaced by a rotation, not by its end.
pub const CA_LIFETIME_MS: u64 = 3653 * DAY_MS;
/// Ninety days, renewed at two thirds: a month for an operator to notice that renewal fails.
pub const NODE_LIFETIME_MS: u64 = 90 * DAY_MS;
/// Certificates begin an hour early, so that a peer whose clock is a little behind accepts a new one.
pub const BACKDATE_MS: u64 = 3600 * 1000;

/// 128 random bits (RFC 5280 §4.1.2.2 allows 20 bytes).
pub type Serial = [u8; 16];

/// Why the authority can't do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// The request is not one, its key is not P-256, or its signature doesn't prove possession of the key.
    #[error("certificate request refused: malformed, not a P-256 key, or not signed by it")]
    BadRequest,
    /// Certificate or key of the authority can't be read, or don't belong together.
    #[error("certificate and key of the cluster's authority are not a pair")]
    NotAPair,
    /// The authority itself has expired.
    #[error("the cluster's authority has expired")]
    Expired,
    /// The time can't be written in a certificate.
    #[error("time out of range")]
    Time,
    /// The crypto provider failed.
    #[error("certificate could not be made")]
    Provider,
}

impl From<BadKey> for CaError {
    fn from(_: BadKey) -> Self {
        Self::NotAPair
    }
}

/// SHA-256 of the authority's `SubjectPublicKeyInfo`. A joining node accepts the authority with this pin and no other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaPin(pub [u8; 32]);

impl CaPin {
    /// The pin of a certificate's key.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let info = x509::public_key_info(certificate)?;
        digest(&SHA256, &info).as_ref().try_into().ok().map(Self)
    }
}

impl fmt::Display for CaPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for CaPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a node's certificate is to say. The request contributes its key and nothing else.
pub struct CertificateRequest<'a> {
    /// PKCS #10, DER.
    pub csr: &'a [u8],
    /// Who it is for: decided by the cluster, not by the request.
    pub node: PeerIdentity,
    /// The node's advertised address.
    pub address: &'a PeerAddress,
    /// The present.
    pub now: Timestamp,
    /// Random.
    pub serial: Serial,
    /// How long it is to be valid, ms: [`NODE_LIFETIME_MS`], except in tests.
    pub lifetime_ms: u64,
}

/// An ECDSA P-256 authority. Holds the private key.
pub struct ClusterCa {
    issuer: Issuer<'static, P256Key>,
    certificate: CertificateDer<'static>,
    pin: CaPin,
    not_after: Timestamp,
}

impl ClusterCa {
    /// A new authority for a new cluster, valid for [`CA_LIFETIME_MS`].
    ///
    /// # Errors
    /// [`CaError::Time`], [`CaError::Provider`].
    pub fn generate(cluster: ClusterId, now: Timestamp, serial: Serial) -> Result<Self, CaError> {
        let mut params = params(now, now.plus_ms(CA_LIFETIME_MS), serial)?;
        params.distinguished_name = common_name(&format!("Woad cluster {cluster}"));
        // Signs nodes, never another authority.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = P256Key::generate().map_err(|_| CaError::Provider)?;
        let certificate = params.self_signed(&key).map_err(|_| CaError::Provider)?;
        Self::from_parts(certificate.der().clone(), key.pkcs8())
    }

    /// An authority from its certificate (DER) and private key (PKCS #8).
    ///
    /// # Errors
    /// [`CaError::NotAPair`].
    pub fn from_parts(certificate: CertificateDer<'static>, pkcs8: &[u8]) -> Result<Self, CaError> {
        let key = P256Key::from_pkcs8(pkcs8)?;
        if x509::public_key(&certificate).as_deref() != Some(key.public()) {
            return Err(CaError::NotAPair);
        }
        let (_, not_after) = x509::validity(&certificate).ok_or(CaError::NotAPair)?;
        let pin = CaPin::of(&certificate).ok_or(CaError::NotAPair)?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|_| CaError::NotAPair)?;
        Ok(Self { issuer, certificate, pin, not_after })
    }

    /// The authority's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The private key, PKCS #8. Leaves this process only sealed, or in the recovery bundle.
    #[must_use]
    pub fn private_key(&self) -> &Zeroizing<Vec<u8>> {
        self.issuer.key().pkcs8()
    }

    /// See [`CaPin`].
    #[must_use]
    pub const fn pin(&self) -> CaPin {
        self.pin
    }

    /// A certificate for a node (DER), valid for what was asked at most, as server and as client.
    ///
    /// # Errors
    /// See [`CaError`].
    pub fn issue(&self, request: &CertificateRequest<'_>) -> Result<CertificateDer<'static>, CaError> {
        let key = ProvenKey::of(request.csr).ok_or(CaError::BadRequest)?;
        if self.not_after <= request.now {
            return Err(CaError::Expired);
        }
        let not_after = request.now.plus_ms(request.lifetime_ms).min(self.not_after);
        let mut params = params(request.now, not_after, request.serial)?;
        let NodeId(node) = request.node.node;
        params.distinguished_name = common_name(&format!("Woad node {node}"));
        let ia5 = |text: String| Ia5String::try_from(text).map_err(|_| CaError::BadRequest);
        params.subject_alt_names = vec![
            SanType::URI(ia5(request.node.to_string())?),
            match request.address.host() {
                Host::Ip(ip) => SanType::IpAddress(*ip),
                Host::Name(name) => SanType::DnsName(ia5(name.clone())?),
            },
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).map_err(|_| CaError::Provider)?;
        Ok(certificate.der().clone())
    }
}

fn params(now: Timestamp, not_after: Timestamp, serial: Serial) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.not_before = date(Timestamp(now.0.saturating_sub(BACKDATE_MS)))?;
    params.not_after = date(not_after)?;
    // Positive in DER, and not of zero's short form.
    let [first, rest @ ..] = serial;
    let first = (first & 0x7f) | 0x40;
    params.serial_number = Some(SerialNumber::from(iter::once(first).chain(rest).collect::<Vec<u8>>()));
    Ok(params)
}

fn date(at: Timestamp) -> Result<OffsetDateTime, CaError> {
    let seconds = i64::try_from(at.seconds()).map_err(|_| CaError::Time)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CaError::Time)
}

fn common_name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::*;
    use crate::trust::testing::{self, NOW};
    use crate::trust::{NodeKey, identity};

    fn issued(ca: &ClusterCa, csr: &[u8]) -> Result<CertificateDer<'static>, CaError> {
        ca.issue(&CertificateRequest {
            csr,
            node: PeerIdentity { cluster: testing::cluster(1), node: NodeId(4) },
            address: &"node-4.example.org:7000".parse().unwrap(),
            now: NOW,
            serial: [0xff; 16],
            lifetime_ms: NODE_LIFETIME_MS,
        })
    }

    #[test]
    fn certificate_says_what_the_cluster_decided() {
        let ca = testing::ca(1);
        let der = issued(&ca, &NodeKey::generate().unwrap().request().unwrap()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        let san = parsed.subject_alternative_name().unwrap().unwrap();
        let uri = format!("woad://{}/4", testing::cluster(1));
        let expected = [GeneralName::URI(&uri), GeneralName::DNSName("node-4.example.org")];
        assert_eq!(san.value.general_names, expected);
        let usage = parsed.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && usage.client_auth && !usage.any && usage.other.is_empty());
        assert!(!parsed.is_ca());
        let (from, to) = x509::validity(&der).unwrap();
        assert_eq!((from, to), (Timestamp(NOW.0 - BACKDATE_MS), NOW.plus_ms(NODE_LIFETIME_MS)));
        let (_, authority) = X509Certificate::from_der(ca.certificate()).unwrap();
        assert!(authority.is_ca());
        assert_eq!(x509::validity(ca.certificate()).unwrap().1, NOW.plus_ms(CA_LIFETIME_MS));
    }

    #[test]
    fn what_a_request_asks_for_beyond_its_key_is_ignored() {
        let ca = testing::ca(1);
        let key = P256Key::generate().unwrap();
        let mut greedy = CertificateParams::new(vec!["evil.example.org".to_owned()]).unwrap();
        greedy.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        greedy.subject_alt_names.push(SanType::URI("woad://x/1".to_owned().try_into().unwrap()));
        greedy.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        greedy.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
        let der = issued(&ca, greedy.serialize_request(&key).unwrap().der()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        assert!(!parsed.is_ca());
        assert!(!parsed.key_usage().unwrap().unwrap().value.key_cert_sign());
        assert_eq!(PeerIdentity::of_certificate(&der).unwrap().node, NodeId(4));
        assert_eq!(parsed.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 2);
    }

    #[test]
    fn requests_without_proof_of_possession_are_refused() {
        let ca = testing::ca(1);
        let mut request = NodeKey::generate().unwrap().request().unwrap();
        let mut longer = request.clone();
        longer.push(0);
        assert_eq!(issued(&ca, &longer).unwrap_err(), CaError::BadRequest, "trailing byte");
        assert_eq!(issued(&ca, &request[..request.len() - 1]).unwrap_err(), CaError::BadRequest, "truncated");
        *request.last_mut().unwrap() ^= 1;
        assert_eq!(issued(&ca, &request).unwrap_err(), CaError::BadRequest, "forged signature");
        assert_eq!(issued(&ca, &[]).unwrap_err(), CaError::BadRequest, "empty");
        assert_eq!(issued(&ca, &[0x30; 5000]).unwrap_err(), CaError::BadRequest, "oversized");
        for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
            let other = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let request = CertificateParams::default().serialize_request(&other).unwrap();
            assert_eq!(issued(&ca, request.der()).unwrap_err(), CaError::BadRequest, "another kind of key");
        }
    }

    #[test]
    fn nothing_outlives_the_authority() {
        let ca = testing::ca(1);
        let key = NodeKey::generate().unwrap();
        let csr = key.request().unwrap();
        let end = NOW.plus_ms(CA_LIFETIME_MS);
        let node = PeerIdentity { cluster: testing::cluster(1), node: NodeId(4) };
        let address = "127.0.0.1:1".parse().unwrap();
        let (serial, lifetime_ms) = ([1; 16], NODE_LIFETIME_MS);
        let at = |now| ca.issue(&CertificateRequest { csr: &csr, node, address: &address, now, serial, lifetime_ms });
        let late = at(Timestamp(end.0 - DAY_MS)).unwrap();
        assert_eq!(x509::validity(&late).unwrap().1, end);
        assert_eq!(at(end).unwrap_err(), CaError::Expired);
        let _ = identity::NodeIdentity::new(key, vec![late, ca.certificate().clone()]).unwrap();
    }

    #[test]
    fn authority_comes_back_from_its_parts_and_only_from_its_own() {
        let (ca, other) = (testing::ca(1), testing::ca(2));
        let again = ClusterCa::from_parts(ca.certificate().clone(), ca.private_key()).unwrap();
        assert_eq!(again.pin(), ca.pin());
        assert_ne!(ca.pin(), other.pin());
        let mixed = ClusterCa::from_parts(ca.certificate().clone(), other.private_key());
        assert_eq!(mixed.err(), Some(CaError::NotAPair));
        assert_eq!(ClusterCa::from_parts(ca.certificate().clone(), b"junk").err(), Some(CaError::NotAPair));
        let junk = CertificateDer::from(vec![1, 2, 3]);
        assert_eq!(ClusterCa::from_parts(junk, ca.private_key()).err(), Some(CaError::NotAPair));
    }
}
