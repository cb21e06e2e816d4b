//! A node's own key and certificate, and their file.

use std::path::Path;

use raft_store_core::Timestamp;
use rcgen::{CertificateParams, DistinguishedName};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use zeroize::{Zeroize, Zeroizing};

use super::ca::BACKDATE_MS;
use super::p256::{BadKey, P256Key};
use super::peer_identity::PeerIdentity;
use super::pem;
use super::private_file::{self, FileError};
use super::x509;

/// Key and chain in one file, so that a crash never leaves a key beside another key's certificate.
const FILE: &str = "peer.pem";
/// The node's certificate, the authority's, and a cross-signed one during a rotation.
pub(super) const MAX_CHAIN: usize = 4;

/// Why key and certificates are no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The key is unusable.
    #[error("node key unusable")]
    Key,
    /// The first certificate is not of this key.
    #[error("certificate is not of the node's key")]
    NotAPair,
    /// It names no node, or can't be read.
    #[error("certificate names no node of a cluster")]
    Nameless,
    /// No certificate, or more than a chain has.
    #[error("certificate chain empty or too long")]
    Chain,
}

impl From<BadKey> for IdentityError {
    fn from(_: BadKey) -> Self {
        Self::Key
    }
}

/// A node's private key, before or after a certificate was issued for it.
pub struct NodeKey(P256Key);

impl NodeKey {
    /// A new ECDSA P-256 key.
    ///
    /// # Errors
    /// [`IdentityError::Key`] when the crypto provider fails.
    pub fn generate() -> Result<Self, IdentityError> {
        Ok(Self(P256Key::generate()?))
    }

    /// A certificate request (PKCS #10, DER) that proves possession of the key and asks for nothing: who the node is,
    /// the cluster decides.
    ///
    /// # Errors
    /// [`IdentityError::Key`] when the crypto provider fails.
    pub fn request(&self) -> Result<Vec<u8>, IdentityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&self.0).map_err(|_| IdentityError::Key)?;
        Ok(request.der().to_vec())
    }
}

/// Key and certificate chain of a node.
pub struct NodeIdentity {
    key: NodeKey,
    chain: Vec<CertificateDer<'static>>,
    name: PeerIdentity,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl NodeIdentity {
    /// Puts together what belongs together. `chain` is the node's certificate and then the authority's.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn new(key: NodeKey, chain: Vec<CertificateDer<'static>>) -> Result<Self, IdentityError> {
        let leaf = chain.first().filter(|_| chain.len() <= MAX_CHAIN).ok_or(IdentityError::Chain)?;
        if x509::public_key(leaf).as_deref() != Some(key.0.public()) {
            return Err(IdentityError::NotAPair);
        }
        let name = PeerIdentity::of_certificate(leaf).map_err(|_| IdentityError::Nameless)?;
        let (not_before, not_after) = x509::validity(leaf).ok_or(IdentityError::Nameless)?;
        Ok(Self { key, chain, name, not_before, not_after })
    }

    /// Who this is.
    #[must_use]
    pub const fn name(&self) -> PeerIdentity {
        self.name
    }

    /// The node's certificate, then the authority's.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// When the certificate expires.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether two thirds of the certificate's life are over, or it has not begun: it was made under a wrong clock.
    #[must_use]
    pub const fn renew_due(&self, now: Timestamp) -> bool {
        if now.0 < self.not_before.0 {
            return true;
        }
        let issued = self.not_before.0.saturating_add(BACKDATE_MS);
        let life = self.not_after.0.saturating_sub(issued);
        now.0 >= issued.saturating_add(life / 3 * 2)
    }

    /// The private key, PKCS #8.
    pub(super) fn private_key(&self) -> &Zeroizing<Vec<u8>> {
        self.key.0.pkcs8()
    }

    /// Writes key and chain into a folder, mode 0600. Returns after they are on disk; a crash leaves the old ones or
    /// these.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn store(&self, folder: &Path) -> Result<(), FileError> {
        let key = pem::encode(pem::PRIVATE_KEY, self.private_key());
        let certificates: Vec<_> = self.chain.iter().map(|der| pem::encode(pem::CERTIFICATE, der)).collect();
        let size = key.len() + certificates.iter().map(|text| text.len()).sum::<usize>();
        let mut text = Zeroizing::new(String::with_capacity(size));
        text.push_str(&key);
        for certificate in &certificates {
            text.push_str(certificate);
        }
        private_file::write(&folder.join(FILE), text.as_bytes())
    }

    /// Reads what [`Self::store`] wrote; `None` when there is nothing.
    ///
    /// # Errors
    /// When the file is unreadable, open to others, or holds no key with its certificate.
    pub fn load(folder: &Path) -> Result<Option<Self>, FileError> {
        let path = folder.join(FILE);
        let Some(text) = private_file::read(&path)? else { return Ok(None) };
        let malformed = || FileError::malformed(&path, "not a private key followed by its certificate chain");
        let mut pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| malformed())?;
        let key = P256Key::from_pkcs8(pkcs8.secret_pkcs8_der()).map_err(|_| malformed());
        pkcs8.zeroize();
        let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().map_err(|_| malformed())?;
        Self::new(NodeKey(key?), chain).map(Some).map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::trust::ca::{BACKDATE_MS, NODE_LIFETIME_MS};
    use crate::trust::testing::{self, NOW};

    #[test]
    fn stored_and_loaded_again_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(NodeIdentity::load(folder.path()).unwrap().is_none());
        let identity = testing::node(&testing::ca(1), 1, 3, NOW);
        identity.store(folder.path()).unwrap();
        let loaded = NodeIdentity::load(folder.path()).unwrap().unwrap();
        assert_eq!(loaded.chain(), identity.chain());
        assert_eq!(loaded.private_key(), identity.private_key());
        assert_eq!(loaded.name(), identity.name());
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(NodeIdentity::load(folder.path()), Err(FileError::Exposed { .. })));
    }

    #[test]
    fn a_damaged_file_is_named_and_its_content_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let identity = testing::node(&testing::ca(1), 1, 3, NOW);
        identity.store(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        let certificate = text.find("-----BEGIN CERTIFICATE").unwrap();
        let damaged =
            [String::new(), text[certificate..].to_owned(), text[..certificate].to_owned(), text[40..].into()];
        for content in damaged {
            private_file::write(&path, content.as_bytes()).unwrap();
            let Err(error) = NodeIdentity::load(folder.path()) else { panic!("loaded {content:?}") };
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(FILE) && !shown.contains("MIG"), "{shown}");
        }
    }

    #[test]
    fn key_and_certificate_must_be_a_pair() {
        let ca = testing::ca(1);
        let chain = testing::node(&ca, 1, 3, NOW).chain().to_vec();
        let other = NodeKey::generate().unwrap();
        assert_eq!(NodeIdentity::new(other, chain.clone()).err(), Some(IdentityError::NotAPair));
        assert_eq!(NodeIdentity::new(NodeKey::generate().unwrap(), vec![]).err(), Some(IdentityError::Chain));
        let long = vec![chain[0].clone(); MAX_CHAIN + 1];
        assert_eq!(NodeIdentity::new(NodeKey::generate().unwrap(), long).err(), Some(IdentityError::Chain));
        let authority = P256Key::from_pkcs8(ca.private_key()).unwrap();
        let nameless = NodeIdentity::new(NodeKey(authority), vec![ca.certificate().clone()]);
        assert_eq!(nameless.err(), Some(IdentityError::Nameless));
    }

    #[test]
    fn renewal_is_due_at_two_thirds() {
        let identity = testing::node(&testing::ca(1), 1, 3, NOW);
        let due = NOW.0 + NODE_LIFETIME_MS / 3 * 2;
        assert_eq!(identity.not_after(), NOW.plus_ms(NODE_LIFETIME_MS));
        assert!(!identity.renew_due(NOW));
        assert!(identity.renew_due(Timestamp(NOW.0 - BACKDATE_MS - 1)), "it has not begun");
        assert!(!identity.renew_due(Timestamp(due - 1)));
        assert!(identity.renew_due(Timestamp(due)));
        assert!(identity.renew_due(identity.not_after().plus_ms(1)));
    }
}
