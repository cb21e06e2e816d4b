//! What a node keeps beside its database: certificate, authority, cluster key.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use crate::trust::{ClusterKey, FileError, NodeIdentity, split_certificates};

/// The files of one data folder.
#[derive(Clone, Debug)]
pub(crate) struct NodeFiles {
    folder: PathBuf,
    key: PathBuf,
}

impl NodeFiles {
    pub(crate) fn new(folder: &Path, key: Option<&Path>) -> Self {
        let key = key.map_or_else(|| folder.join("cluster.key"), Path::to_owned);
        Self { folder: folder.to_owned(), key }
    }

    fn peer(&self) -> PathBuf {
        self.folder.join("peer")
    }

    pub(crate) fn store_identity(&self, identity: &NodeIdentity) -> Result<(), crate::node::StartError> {
        fs::create_dir_all(self.peer())?;
        identity.store(&self.peer()).map_err(Into::into)
    }

    pub(crate) fn load_identity(&self) -> Result<Option<NodeIdentity>, FileError> {
        NodeIdentity::load(&self.peer())
    }

    /// Keeps the trusted authorities, one certificate behind the other, the one that issues first.
    pub(crate) fn store_cas(&self, authorities: &[CertificateDer<'_>]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let temporary = self.folder.join("ca.der.tmp");
        let mut file = fs::File::create(&temporary)?;
        for authority in authorities {
            file.write_all(authority)?;
        }
        file.sync_all()?;
        fs::rename(temporary, self.folder.join("ca.der"))?;
        fs::File::open(&self.folder)?.sync_all()
    }

    pub(crate) fn load_cas(&self) -> io::Result<Vec<CertificateDer<'static>>> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "ca.der holds no certificates");
        split_certificates(&fs::read(self.folder.join("ca.der"))?).ok_or_else(malformed)
    }

    pub(crate) fn store_key(&self, key: &ClusterKey) -> Result<(), FileError> {
        key.save(&self.key)
    }

    pub(crate) fn load_key(&self) -> Result<Option<ClusterKey>, FileError> {
        ClusterKey::load(&self.key)
    }

    /// Where a new cluster key lies until the old one counts no more.
    fn next_key(&self) -> PathBuf {
        let mut path = self.key.clone().into_os_string();
        path.push(".next");
        path.into()
    }

    /// Keeps a new cluster key beside the present one: whichever opens the keyring is the right one.
    pub(crate) fn store_next_key(&self, key: &ClusterKey) -> Result<(), FileError> {
        key.save(&self.next_key())
    }

    pub(crate) fn has_next_key(&self) -> bool {
        self.next_key().exists()
    }

    /// The present cluster key and the new one, as far as they are there.
    pub(crate) fn load_keys(&self) -> Result<Vec<ClusterKey>, FileError> {
        let (present, next) = (self.load_key()?, ClusterKey::load(&self.next_key())?);
        Ok(present.into_iter().chain(next).collect())
    }

    /// No rotation is under way: the key in use takes the present one's place, another new one goes.
    pub(crate) fn settle_keys(&self, in_use: &ClusterKey) -> Result<(), FileError> {
        let next = self.next_key();
        if !next.exists() {
            return Ok(());
        }
        if self.load_key()?.is_none_or(|present| present.id() != in_use.id()) {
            self.store_key(in_use)?;
        }
        fs::remove_file(&next).map_err(|error| FileError::Io { path: next, error })
    }
}
