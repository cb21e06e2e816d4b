//! The certificate authority of the https listeners: the users', not the cluster's own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Signs certificates for servers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// When the crypto provider fails.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate for self-signed when its authority has its name.
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes `server.pem` and `server.key` for these names into a folder.
    ///
    /// # Errors
    /// When they can't be made or written.
    pub fn issue(&self, names: &[&str], folder: &Path) -> Result<()> {
        self.issue_until(names, folder, None)
    }

    /// The same; with a year, the certificate ended when that began.
    ///
    /// # Errors
    /// When they can't be made or written.
    pub fn issue_until(&self, names: &[&str], folder: &Path, year: Option<i32>) -> Result<()> {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        if let Some(year) = year {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        fs::write(folder.join("server.pem"), certificate.pem())?;
        let path = folder.join("server.key");
        fs::write(&path, key.serialize_pem())?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(())
    }
}
