//! A certificate and its key from PEM.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const SECONDS_A_DAY: i64 = 86_400;
/// Deeper chains exist in no public CA; a bundle of all roots was named instead of a chain.
const MAX_CHAIN: usize = 16;

/// A chain with its key, which fit each other.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// For rustls.
    pub key: Arc<CertifiedKey>,
    /// When the server's own certificate ends, in seconds since the Unix epoch.
    pub not_after: i64,
}

impl Loaded {
    /// Whole days until the certificate ends; negative once it has.
    #[must_use]
    pub fn days_left(&self, now: SystemTime) -> i64 {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        (self.not_after - i64::try_from(now).unwrap_or(i64::MAX)).div_euclid(SECONDS_A_DAY)
    }
}

/// Why a certificate can't be served. Never quotes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The certificate file holds none.
    #[error("holds no PEM certificate")]
    NoCertificate,
    /// The certificate file holds one that is damaged.
    #[error("holds a certificate that can't be parsed")]
    BadCertificate,
    /// The certificate file holds too many.
    #[error("holds more than 16 certificates")]
    LongChain,
    /// The key file holds none.
    #[error("holds no PEM private key")]
    NoKey,
    /// The key is of a kind that can't be used.
    #[error("holds a private key that can't be used")]
    BadKey,
    /// The two don't belong together.
    #[error("is not the key of the certificate")]
    Mismatch,
}

impl PemError {
    /// The configuration key that names the file at fault.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoCertificate | Self::BadCertificate | Self::LongChain => "https.certificate",
            Self::NoKey | Self::BadKey | Self::Mismatch => "https.key",
        }
    }
}

/// Parses a chain and its key and checks that they fit each other. Expiry is not checked: serving an expired
/// certificate tells a client more than serving none.
///
/// # Errors
/// See [`PemError`].
pub fn certified_key(chain: &[u8], key: &[u8]) -> Result<Loaded, PemError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|_| PemError::BadCertificate)?;
    if chain.len() > MAX_CHAIN {
        return Err(PemError::LongChain);
    }
    let mut not_after = None;
    for der in &chain {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| PemError::BadCertificate)?;
        not_after.get_or_insert(parsed.validity().not_after.timestamp());
    }
    let not_after = not_after.ok_or(PemError::NoCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| PemError::NoKey)?;
    match CertifiedKey::from_der(chain, key, &super::provider()) {
        Ok(key) => Ok(Loaded { key: Arc::new(key), not_after }),
        Err(rustls::Error::InconsistentKeys(_)) => Err(PemError::Mismatch),
        Err(_) => Err(PemError::BadKey),
    }
}
