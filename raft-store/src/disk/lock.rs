//! One process a data folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// Held while a process uses a data folder.
#[derive(Debug)]
pub(crate) struct DataLock {
    /// The lock goes with it.
    _file: File,
}

impl DataLock {
    /// Takes the lock without waiting.
    ///
    /// # Errors
    /// `WouldBlock` when another process holds it.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).read(true).open(folder.join("woad.lock"))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { _file: file })
    }
}
