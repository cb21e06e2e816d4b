//! Files that only their owner may read: keys.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use zeroize::Zeroizing;

/// Owner reads and writes, nobody else does anything.
const MODE: u32 = 0o600;
/// What group and others must not be allowed.
const OTHERS: u32 = 0o077;
/// A key file holds a key and a few certificates; anything larger is another file.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a key file can't be used. Names the file, never its content.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error("{}: mode {mode:04o} lets others than the owner in; it must be 0600 or stricter", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs neither to this process's user nor to root.
    #[error("{}: belongs to user {owner}, who is neither this process's user nor root", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// It is not a regular file.
    #[error("{}: not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It doesn't hold what it should.
    #[error("{}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl FileError {
    pub(super) fn malformed(path: &Path, what: &'static str) -> Self {
        Self::Malformed { path: path.to_owned(), what }
    }
}

/// Writes a file that only its owner may read. Returns after it and its name are on disk; a crash leaves the old
/// content or the new.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    replace(path, content).map_err(|error| FileError::Io { path: path.to_owned(), error })
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&temporary)?;
    file.set_permissions(fs::Permissions::from_mode(MODE))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads a file that only its owner may read; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let io = |error| FileError::Io { path: path.to_owned(), error };
    // Without waiting: opening a pipe would otherwise hang until somebody writes.
    let mut file = match rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(io(error.into())),
    };
    // Of the open file, so that what is checked is what is read.
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(FileError::Exposed { path: path.to_owned(), mode });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(FileError::Foreign { path: path.to_owned(), owner });
    }
    if metadata.len() > MAX_BYTES {
        return Err(FileError::malformed(path, "too large"));
    }
    // Reserved in one piece, so that no outgrown copy stays behind.
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(size + 1));
    Read::by_ref(&mut file).take(MAX_BYTES).read_to_end(&mut content).map_err(io)?;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_for_the_owner_alone_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(read(&path).unwrap().is_none());
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_temporary_file_left_by_a_crash_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(folder.path().join("key.new"), b"half").unwrap();
        write(&path, b"whole").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"whole");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
            write(&path, b"key").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(read(&path), Err(FileError::Exposed { mode: found, .. }) if found == mode), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path).unwrap().is_some());
    }

    #[test]
    fn folders_and_huge_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(read(folder.path()), Err(FileError::NotAFile { .. })));
        let path = folder.path().join("key");
        write(&path, &vec![b'a'; 70_000]).unwrap();
        assert!(matches!(read(&path), Err(FileError::Malformed { .. })));
    }
}
