//! What a check of the configuration found.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

/// Bits of a secret file's mode that must be clear: it may be 0640 at most.
const SECRET_FORBIDDEN_MODE: u32 = 0o137;
/// Mode bits that the cluster key must not have: the store reads it only so.
const KEY_FORBIDDEN_MODE: u32 = 0o177;
/// No file named in the configuration is larger; a wrong path (a disk image, `/dev/zero`) is noticed instead of read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The node won't start.
    Error,
    /// It starts, but probably not as meant.
    Warning,
    /// What will be used.
    Info,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The key, as `section.key`.
    pub key: String,
    /// What was found. Never holds a secret.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "ok",
        };
        write!(f, "{severity:<8}{}: {}", self.key, self.text)
    }
}

/// Everything found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the sections.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether the node would refuse to start.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Notes what stops the start.
    pub fn error(&mut self, key: &str, text: impl Into<String>) {
        self.push(Severity::Error, key, text.into());
    }

    /// Notes what is probably not meant.
    pub fn warning(&mut self, key: &str, text: impl Into<String>) {
        self.push(Severity::Warning, key, text.into());
    }

    /// Notes what will be used.
    pub fn info(&mut self, key: &str, text: impl Into<String>) {
        self.push(Severity::Info, key, text.into());
    }

    fn push(&mut self, severity: Severity, key: &str, text: String) {
        self.findings.push(Finding { severity, key: key.to_owned(), text });
    }

    /// Reads a file that a key names; notes an error and answers `None` when that fails.
    pub(super) fn file(&mut self, key: &str, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        match read_bounded(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.error(key, format!("{}: {error}", path.display()));
                None
            }
        }
    }

    /// The same for a file that holds a secret, whose mode must not be wider than 0640.
    pub(super) fn secret_file(&mut self, key: &str, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        self.private(key, path, SECRET_FORBIDDEN_MODE, "0640")
    }

    /// The same for the cluster key, which is its owner's alone: its mode must not be wider than 0600.
    pub(super) fn key_file(&mut self, key: &str, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        self.private(key, path, KEY_FORBIDDEN_MODE, "0600")
    }

    fn private(&mut self, key: &str, path: &Path, forbidden: u32, widest: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = self.file(key, path)?;
        let mode = fs::metadata(path).map(|meta| meta.permissions().mode() & 0o7777).ok()?;
        if mode & forbidden != 0 {
            self.error(key, format!("{}: mode {mode:04o} is wider than {widest}", path.display()));
            return None;
        }
        Some(bytes)
    }
}

/// Reads a small regular file.
///
/// # Errors
/// When it can't be read, is no regular file, or is larger than 1 MiB.
pub fn read_bounded(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let regular = |meta: &fs::Metadata| {
        if meta.is_file() { Ok(()) } else { Err(std::io::Error::other("is not a regular file")) }
    };
    // Asked before as well, since opening a pipe waits for somebody to write to it.
    regular(&fs::metadata(path)?)?;
    let file = fs::File::open(path)?;
    let meta = file.metadata()?;
    regular(&meta)?;
    if meta.len() > MAX_FILE_BYTES {
        return Err(std::io::Error::other("is larger than 1 MiB"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
