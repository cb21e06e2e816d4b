//! A certificate request (PKCS #10, RFC 2986), of which only the key counts.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256};
use x509_parser::prelude::FromDer;

/// A request with a P-256 key and no names takes about 250 bytes; foreign tools add some.
pub(super) const MAX_CSR_BYTES: usize = 4096;
/// An uncompressed P-256 point (SEC 1 §2.3.3).
const POINT_BYTES: usize = 65;

/// The public key of a request whose signature proved that the sender holds the private one.
pub(crate) struct ProvenKey([u8; POINT_BYTES]);

impl ProvenKey {
    /// `None` when it is no request, has another kind of key, or is not signed by that key.
    pub(crate) fn of(request: &[u8]) -> Option<Self> {
        if request.len() > MAX_CSR_BYTES {
            return None;
        }
        let (rest, parsed) = X509CertificationRequest::from_der(request).ok()?;
        let info = &parsed.certification_request_info;
        let key = &info.subject_pki;
        let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
        let expected = key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
            && curve == OID_EC_P256
            && parsed.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256;
        if !rest.is_empty() || !expected {
            return None;
        }
        let point: [u8; POINT_BYTES] = key.subject_public_key.data.as_ref().try_into().ok()?;
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        verifier.verify(info.raw, &parsed.signature_value.data).ok()?;
        Some(Self(point))
    }
}

impl PublicKeyData for ProvenKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}
