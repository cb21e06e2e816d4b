//! The few things that are read out of a certificate.

use raft_store_core::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The whole of `der` as one certificate.
fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, parsed)| parsed)
}

/// Certificates that lie one behind the other. `None` when there is anything else.
pub(crate) fn split(mut der: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut out = Vec::new();
    while !der.is_empty() {
        let (rest, _) = X509Certificate::from_der(der).ok()?;
        let (one, _) = der.split_at_checked(der.len().checked_sub(rest.len())?)?;
        out.push(CertificateDer::from(one.to_vec()));
        der = rest;
    }
    (!out.is_empty()).then_some(out)
}

/// The URIs among the subject alternative names.
pub(super) fn uris(certificate: &CertificateDer<'_>) -> Option<Vec<String>> {
    let parsed = parse(certificate)?;
    let names = parsed.subject_alternative_name().ok()??;
    let uri = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    };
    Some(names.value.general_names.iter().filter_map(uri).collect())
}

/// The encoded `SubjectPublicKeyInfo`.
pub(super) fn public_key_info(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    Some(parse(certificate)?.public_key().raw.to_vec())
}

/// The public key's bits: for an elliptic curve, the encoded point.
pub(super) fn public_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    Some(parse(certificate)?.public_key().subject_public_key.data.to_vec())
}

/// When it begins and ceases to be valid.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let parsed = parse(certificate)?;
    let ms = |seconds: i64| u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp);
    Some((ms(parsed.validity().not_before.timestamp())?, ms(parsed.validity().not_after.timestamp())?))
}
