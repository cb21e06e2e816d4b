//! The certificate that is served, read again when its files change.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::Notify;

use super::pem::{self, Loaded, PemError};
use crate::config::read_bounded;
use crate::metrics::TlsMetrics;

/// How often the files are looked at: soon enough for a renewal script, cheap enough to forget.
const POLL: Duration = Duration::from_secs(1);

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// PEM chain.
    pub certificate: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

/// Why the files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// One of them can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// See [`PemError`].
    #[error("{} {}", .0.key(), .0)]
    Pem(#[from] PemError),
}

/// What tells one version of a file from the next, also when it was renamed into place or its time was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Holds the served certificate. A change that can't be used is logged once and counted, and the old one stays.
#[derive(Debug)]
pub struct Reloader {
    files: CertificateFiles,
    served: ArcSwap<CertifiedKey>,
    seen: Mutex<[Option<Version>; 2]>,
    now: Arc<Notify>,
    metrics: TlsMetrics,
}

impl Reloader {
    /// Reads the files for the first time. `now` makes them be read again without waiting for the next turn (SIGHUP).
    ///
    /// # Errors
    /// When they can't be used.
    pub fn open(files: CertificateFiles, metrics: TlsMetrics, now: Arc<Notify>) -> Result<Arc<Self>, ReloadError> {
        let seen = versions(&files);
        let loaded = read(&files)?;
        metrics.certificate_not_after.set(loaded.not_after);
        Ok(Arc::new(Self { files, served: ArcSwap::new(loaded.key), seen: Mutex::new(seen), now, metrics }))
    }

    /// Looks at the files each second, and when told to, for ever.
    pub async fn watch(self: Arc<Self>) {
        loop {
            // `Err` is the turn of the clock; being told reads the files even if they look unchanged.
            let told = tokio::time::timeout(POLL, self.now.notified()).await.is_ok();
            let this = Arc::clone(&self);
            // Files may lie on a slow network folder: never on a thread that serves.
            if tokio::task::spawn_blocking(move || this.look(told)).await.is_err() {
                return;
            }
        }
    }

    fn look(&self, told: bool) {
        let versions = versions(&self.files);
        let mut seen = self.seen.lock();
        if *seen == versions && !told {
            return;
        }
        *seen = versions;
        match read(&self.files) {
            Ok(loaded) => {
                self.served.store(loaded.key);
                self.metrics.certificate_not_after.set(loaded.not_after);
                self.metrics.reloads.with_label_values(&["ok"]).inc();
                tracing::info!(not_after = loaded.not_after, "certificate reloaded");
            }
            Err(error) => {
                self.metrics.reloads.with_label_values(&["failed"]).inc();
                tracing::error!(%error, "certificate not reloaded; the one before stays in use");
            }
        }
    }
}

impl ResolvesServerCert for Reloader {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.served.load_full())
    }
}

fn read(files: &CertificateFiles) -> Result<Loaded, ReloadError> {
    let bytes = |path: &Path| read_bounded(path).map_err(|source| ReloadError::Read { path: path.to_owned(), source });
    Ok(pem::certified_key(&bytes(&files.certificate)?, &bytes(&files.key)?)?)
}

fn versions(files: &CertificateFiles) -> [Option<Version>; 2] {
    [&files.certificate, &files.key].map(|path| {
        let meta = fs::metadata(path).ok()?;
        Some(Version {
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    })
}
