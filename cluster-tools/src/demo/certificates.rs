//! An authority of the demo's own, and a certificate for each node.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use time::{Duration, OffsetDateTime};

use super::fault::Fault;

/// How long certificates are good for: longer than anyone leaves a demo running.
const LIFETIME: Duration = Duration::days(30);
/// Clocks of browsers in other machines of this machine may be a little behind.
const SLACK: Duration = Duration::hours(1);

/// Signs the nodes' certificates. Its key is nowhere but here.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub(super) pem: String,
}

/// PEM texts of a node.
pub(super) struct Certified {
    pub(super) certificate: String,
    pub(super) key: String,
}

fn params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - SLACK;
    params.not_after = OffsetDateTime::now_utc() + LIFETIME;
    Ok(params)
}

impl Authority {
    /// Makes one.
    pub(super) fn new() -> Result<Self, Fault> {
        let key = KeyPair::generate()?;
        let mut params = params("Woad demo CA")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// A certificate for https on one address.
    pub(super) fn certify(&self, address: Ipv4Addr) -> Result<Certified, Fault> {
        let key = KeyPair::generate()?;
        let mut params = params("Woad demo node")?;
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(address))];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Certified { certificate, key: key.serialize_pem() })
    }
}
