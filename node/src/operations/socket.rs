//! The Unix socket of the operations listener.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// `sun_path` of Linux, less its final zero.
const MAX_PATH: usize = 107;

/// Why the socket can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The kernel takes no path as long as this.
    #[error("{} is longer than the {MAX_PATH} bytes that a socket's path may have", .0.display())]
    TooLong(PathBuf),
    /// It has no file name.
    #[error("{} is not the path of a file", .0.display())]
    NotAFile(PathBuf),
    /// Someone answers at it.
    #[error("{} belongs to another process that runs", .0.display())]
    InUse(PathBuf),
    /// What lies there is no socket, so it isn't ours to remove.
    #[error("{} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A socket that is removed when dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Nobody listens at it any more; the next start would remove it as well.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a socket can have this path, and the one it has while it is made.
///
/// # Errors
/// [`SocketError::TooLong`] or [`SocketError::NotAFile`].
pub fn path_fits(path: &Path) -> Result<(), SocketError> {
    let making = making(path)?.join("s");
    if path.as_os_str().as_bytes().len().max(making.as_os_str().as_bytes().len()) > MAX_PATH {
        return Err(SocketError::TooLong(path.to_owned()));
    }
    Ok(())
}

/// Opens the socket with mode 0600. One that is there is replaced only if nobody answers at it.
///
/// It is bound in a folder that only this user may enter and then renamed into place, so that nobody finds it at its
/// path before its mode is set.
///
/// # Errors
/// See [`SocketError`].
pub fn bind(path: &Path) -> Result<(UnixListener, Socket), SocketError> {
    path_fits(path)?;
    must_be_free(path)?;
    let folder = making(path)?;
    let bound = bind_within(&folder, path);
    let _ = fs::remove_dir(&folder);
    let listener = bound.map_err(|source| SocketError::Io { path: path.to_owned(), source })?;
    Ok((listener, Socket { path: path.to_owned() }))
}

fn bind_within(folder: &Path, path: &Path) -> io::Result<UnixListener> {
    // Left over by a process of the same id that was killed in between.
    let _ = fs::remove_file(folder.join("s"));
    let _ = fs::remove_dir(folder);
    DirBuilder::new().mode(0o700).create(folder)?;
    let inner = folder.join("s");
    let listener = UnixListener::bind(&inner)?;
    fs::set_permissions(&inner, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    fs::rename(&inner, path)?;
    Ok(listener)
}

fn making(path: &Path) -> Result<PathBuf, SocketError> {
    if path.file_name().is_none() {
        return Err(SocketError::NotAFile(path.to_owned()));
    }
    Ok(path.with_file_name(format!(".w{}", std::process::id())))
}

fn must_be_free(path: &Path) -> Result<(), SocketError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(meta) => meta.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(SocketError::Io { path: path.to_owned(), source }),
    };
    if !kind.is_socket() {
        return Err(SocketError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(source) => Err(SocketError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_private_and_gone_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("woad.sock");
        let (listener, socket) = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        UnixStream::connect(&path).unwrap();
        drop((listener, socket));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_dead_socket_is_replaced_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("woad.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let first = bind(&path).unwrap();
        assert!(matches!(bind(&path), Err(SocketError::InUse(_))));
        UnixStream::connect(&path).unwrap();
        drop(first);
    }

    #[test]
    fn a_file_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("woad.sock");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(bind(&path), Err(SocketError::NotASocket(_))));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn a_path_that_the_kernel_would_cut_is_refused() {
        let long = PathBuf::from("/").join("x".repeat(107));
        assert!(matches!(path_fits(&long), Err(SocketError::TooLong(_))));
        assert!(matches!(path_fits(Path::new("/")), Err(SocketError::NotAFile(_))));
    }
}
