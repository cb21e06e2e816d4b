//! Reading the file and laying the environment over it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::{Table, Value};

use super::report::read_bounded;
use super::{Config, env};

/// The file that is read when none is named and it exists.
pub const DEFAULT_FILE: &str = "/etc/woad/woad.toml";

/// Why there is no configuration. No message holds a value that may be secret.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file isn't TOML, or has a key or value that a section does not know.
    #[error("{}:{line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A variable has a value that its key does not allow.
    #[error("{name}: {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// See [`env::Environment`].
    #[error(transparent)]
    Environment(#[from] env::Environment),
}

/// Loads the file, if one is named, and lays the environment over it.
///
/// # Errors
/// See [`LoadError`].
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, LoadError> {
    let mut table = match file {
        Some(path) => read(path)?,
        None => Table::new(),
    };
    for setting in env::settings(environment)? {
        let env::Setting { name, section, key, value } = setting;
        let alone =
            Table::from_iter([(section.clone(), Value::Table(Table::from_iter([(key.clone(), value.clone())])))]);
        if let Err(error) = Config::deserialize(alone) {
            return Err(LoadError::Variable { name, message: one_line(error.message()) });
        }
        let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key, value);
        }
    }
    Config::deserialize(table)
        .map_err(|error| LoadError::Variable { name: "configuration".to_owned(), message: one_line(error.message()) })
}

fn read(path: &Path) -> Result<Table, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let bytes = read_bounded(path).map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(io::Error::other("is not UTF-8")))?;
    // Errors of the parser quote the line, which may hold a secret: only its number and the message are shown.
    let wrong = |error: toml::de::Error| {
        let upto = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = upto.bytes().filter(|byte| *byte == b'\n').count() + 1;
        LoadError::File { path: path.to_owned(), line, message: one_line(error.message()) }
    };
    toml::from_str::<Config>(text).map_err(wrong)?;
    toml::from_str::<Table>(text).map_err(wrong)
}

fn one_line(message: &str) -> String {
    message.trim_end().replace('\n', "; ")
}
