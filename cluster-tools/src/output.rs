//! Answers on standard output.

use std::io::{self, Write as _};
use std::path::Path;

use clap::ValueEnum;
use serde_json::Value;

use crate::failure::Failure;

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// What the node answered, for programs; a failure is a line of JSON on standard error, the last one there.
    Json,
}

impl Format {
    /// Writes an answer.
    pub(crate) fn show(self, answer: &Value, table: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        match self {
            Self::Table => write(&table(answer)),
            Self::Json => write(&format!("{answer:#}\n")),
        }
    }
}

/// Writes to standard output.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|source| Failure::File { path: Path::new("standard output").to_owned(), source }),
    }
}

/// Tells the operator something beside the answer.
pub(crate) fn note(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "woadctl: {text}");
}
