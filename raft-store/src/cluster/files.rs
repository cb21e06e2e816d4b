//! What a node keeps beside its database: certificate, authority, cluster key.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use crate::trust::{ClusterKey, FileError, NodeIdentity};

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

    pub(crate) fn store_ca(&self, ca: &CertificateDer<'_>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let temporary = self.folder.join("ca.der.tmp");
        let mut file = fs::File::create(&temporary)?;
        file.write_all(ca)?;
        file.sync_all()?;
        fs::rename(temporary, self.folder.join("ca.der"))?;
        fs::File::open(&self.folder)?.sync_all()
    }

    pub(crate) fn load_ca(&self) -> io::Result<CertificateDer<'static>> {
        fs::read(self.folder.join("ca.der")).map(CertificateDer::from)
    }

    pub(crate) fn store_key(&self, key: &ClusterKey) -> Result<(), FileError> {
        key.save(&self.key)
    }

    pub(crate) fn load_key(&self) -> Result<Option<ClusterKey>, FileError> {
        ClusterKey::load(&self.key)
    }
}
