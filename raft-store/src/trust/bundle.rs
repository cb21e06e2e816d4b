//! The recovery bundle: all that opens a copy of the cluster's data when every node is gone. Shown once, by `init`.

use raft_store_core::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::ca::ClusterCa;
use super::cluster_id::ClusterId;
use super::cluster_key::ClusterKey;
use super::pem;

/// Says what the text is.
const FORMAT: &str = "woad-recovery-bundle-1";
/// A bundle takes about 1 KiB.
const MAX_BYTES: usize = 16 * 1024;

/// Why a text is no bundle. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not the JSON object that `init` prints.
    #[error("not a recovery bundle")]
    Malformed,
    /// Of a version that this software doesn't know.
    #[error("recovery bundle of an unknown version")]
    Version,
    /// The authority's certificate and key are no pair.
    #[error("recovery bundle's authority is damaged")]
    Authority,
    /// The cluster key is no key.
    #[error("recovery bundle's cluster key is damaged")]
    ClusterKey,
}

/// Cluster key and authority. Has no `Debug`.
pub struct RecoveryBundle {
    /// The cluster.
    pub cluster: ClusterId,
    /// When it was made, ms.
    pub created: Timestamp,
    /// Wraps the data keys.
    pub cluster_key: ClusterKey,
    /// Signs the nodes.
    pub ca: ClusterCa,
}

/// The bundle as it is printed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: String,
    cluster_id: String,
    created_ms: u64,
    cluster_key: String,
    ca_certificate: String,
    ca_private_key: String,
}

impl Drop for Text {
    fn drop(&mut self) {
        self.cluster_key.zeroize();
        self.ca_private_key.zeroize();
    }
}

/// Only what tells versions apart.
#[derive(Deserialize)]
struct Format {
    format: String,
}

impl RecoveryBundle {
    /// The bundle as JSON, for an operator to put away: a secret.
    ///
    /// # Errors
    /// Never in practice: strings and a number are written.
    pub fn to_text(&self) -> Result<Zeroizing<String>, BundleError> {
        let text = Text {
            format: FORMAT.to_owned(),
            cluster_id: self.cluster.to_string(),
            created_ms: self.created.0,
            cluster_key: self.cluster_key.to_text().as_str().to_owned(),
            ca_certificate: pem::encode(pem::CERTIFICATE, self.ca.certificate()).as_str().to_owned(),
            ca_private_key: pem::encode(pem::PRIVATE_KEY, self.ca.private_key()).as_str().to_owned(),
        };
        serde_json::to_string_pretty(&text).map(Zeroizing::new).map_err(|_| BundleError::Malformed)
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn from_text(text: &str) -> Result<Self, BundleError> {
        if text.len() > MAX_BYTES {
            return Err(BundleError::Malformed);
        }
        let Format { format } = serde_json::from_str(text).map_err(|_| BundleError::Malformed)?;
        if format != FORMAT {
            return Err(BundleError::Version);
        }
        let text: Text = serde_json::from_str(text).map_err(|_| BundleError::Malformed)?;
        let cluster = text.cluster_id.parse().map_err(|_| BundleError::Malformed)?;
        let cluster_key = ClusterKey::from_text(text.cluster_key.as_bytes()).ok_or(BundleError::ClusterKey)?;
        let certificate = CertificateDer::from_pem_slice(text.ca_certificate.as_bytes());
        let certificate = certificate.map_err(|_| BundleError::Authority)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.ca_private_key.as_bytes());
        let mut key = key.map_err(|_| BundleError::Authority)?;
        let ca = ClusterCa::from_parts(certificate, key.secret_pkcs8_der()).map_err(|_| BundleError::Authority);
        key.zeroize();
        Ok(Self { cluster, created: Timestamp(text.created_ms), cluster_key, ca: ca? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::testing::{self, NOW, fill};

    fn bundle() -> RecoveryBundle {
        let (cluster, ca) = (testing::cluster(1), testing::ca(1));
        RecoveryBundle { cluster, created: NOW, cluster_key: ClusterKey::generate(&fill), ca }
    }

    #[test]
    fn printed_and_read_back() {
        let bundle = bundle();
        let text = bundle.to_text().unwrap();
        assert!(text.is_ascii() && text.contains("-----BEGIN PRIVATE KEY-----\\n"));
        let again = RecoveryBundle::from_text(&text).unwrap();
        assert_eq!((again.cluster, again.created), (bundle.cluster, bundle.created));
        assert_eq!(again.cluster_key.expose(), bundle.cluster_key.expose());
        assert_eq!(again.ca.private_key(), bundle.ca.private_key());
        assert_eq!(again.ca.certificate(), bundle.ca.certificate());
    }

    #[test]
    fn damaged_bundles_are_refused_by_name() {
        let text = bundle().to_text().unwrap();
        let other = testing::ca(2);
        let change = |field: &str, to: &str| {
            let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
            value[field] = to.into();
            value.to_string()
        };
        let foreign = pem::encode(pem::CERTIFICATE, other.certificate());
        for (wrong, error) in [
            (String::new(), BundleError::Malformed),
            ("[]".to_owned(), BundleError::Malformed),
            (text[..text.len() - 2].to_owned(), BundleError::Malformed),
            (change("format", "woad-recovery-bundle-2"), BundleError::Version),
            (change("more", "x"), BundleError::Malformed),
            (change("cluster_id", "x"), BundleError::Malformed),
            (change("created_ms", "x"), BundleError::Malformed),
            (change("cluster_key", "AAAA"), BundleError::ClusterKey),
            (change("ca_certificate", &foreign), BundleError::Authority),
            (change("ca_certificate", ""), BundleError::Authority),
            (change("ca_private_key", ""), BundleError::Authority),
            (" ".repeat(MAX_BYTES + 1), BundleError::Malformed),
        ] {
            assert_eq!(RecoveryBundle::from_text(&wrong).err(), Some(error), "{error}");
        }
    }
}
