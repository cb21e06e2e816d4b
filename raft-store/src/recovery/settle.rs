//! What lies beside the database of a recovered node: written aside first, and put in its place once the database is of
//! the new cluster.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use crate::cluster::NodeFiles;
use crate::disk::Sentinel;
use crate::node::{self, Options, StartError};
use crate::trust::{ClusterId, NodeIdentity};

/// The folder within the data folder.
const ASIDE: &str = "recovery";

/// New files that are not in their place yet.
pub(super) struct Aside(PathBuf);

impl Aside {
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join(ASIDE))
    }

    /// Writes member file, certificate and authority. Returns after they are on disk.
    pub(super) fn write(
        &self,
        node: u64,
        cluster: ClusterId,
        identity: &NodeIdentity,
        authority: &CertificateDer<'_>,
    ) -> Result<(), StartError> {
        remove(&self.0)?;
        fs::create_dir(&self.0)?;
        let files = NodeFiles::new(&self.0, None);
        files.store_identity(identity)?;
        files.store_cas(std::slice::from_ref(authority))?;
        node::write_member(&self.0, node, cluster)?;
        if let Some(parent) = self.0.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        Ok(())
    }

    /// Puts them into their places; the one that says whose the folder is comes last. May be done twice.
    fn settle(&self, options: &Options) -> Result<(), StartError> {
        let data = &options.data_dir;
        // They are of the old log.
        for old in ["snapshots", "staged"] {
            remove(&data.join(old))?;
        }
        let (aside, placed) = (NodeFiles::new(&self.0, None), NodeFiles::new(data, None));
        if let Some(identity) = aside.load_identity()? {
            placed.store_identity(&identity)?;
        }
        placed.store_cas(&aside.load_cas()?)?;
        let (node, cluster) = node::read_member(&self.0)?;
        // What the old one promised was promised to the old cluster.
        Sentinel::create(data, &cluster.to_string(), node)?;
        node::write_member(data, node, cluster)?;
        Ok(remove(&self.0)?)
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Ends what a crash interrupted: forward when the database is the new cluster's already, back otherwise. The folder is
/// held by the caller.
///
/// # Errors
/// When the files cannot be read or written.
pub(crate) fn finish_interrupted(options: &Options) -> Result<(), StartError> {
    let aside = Aside::of(&options.data_dir);
    if !aside.0.try_exists()? {
        return Ok(());
    }
    // A half-written folder is of no recovery that went further.
    let owner = node::read_member(&aside.0).ok().map(|(node, cluster)| node::owner(node, cluster));
    let database = node::open_database(&options.data_dir, false)?;
    let found = database.meta("owner");
    database.close();
    drop(database);
    if owner.is_some() && found? == owner {
        tracing::warn!("an interrupted recovery is finished");
        return aside.settle(options);
    }
    Ok(remove(&aside.0)?)
}
