//! Logs: one event a line on standard error.

mod gathered;
pub mod json;

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use self::gathered::Gathered;
pub use self::gathered::Rest;
use crate::config::{Format, Log};

/// Why a text is no level.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    /// Names of parts are ASCII; the parser of levels must not be given anything else.
    #[error("holds characters that are not printable ASCII")]
    Character,
    /// It is neither a level nor levels by part.
    #[error(transparent)]
    Syntax(#[from] ParseError),
}

/// A level, or levels by part. Raft's library says a great deal at `info`: it starts at `warn` unless it is named.
///
/// # Errors
/// When the text is neither.
pub fn filter(level: &str) -> Result<EnvFilter, LevelError> {
    if !level.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(LevelError::Character);
    }
    let quiet = if level.contains("openraft") { "" } else { "openraft=warn," };
    Ok(EnvFilter::builder().parse(format!("{quiet}{level}"))?)
}

/// The logger can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level isn't one.
    #[error("log.level: {0}")]
    Level(#[from] LevelError),
    /// Another logger runs in this process.
    #[error("a logger is installed already")]
    Installed,
    /// There is no thread that could write.
    #[error("log: {0}")]
    Thread(#[from] io::Error),
}

/// Starts writing: warnings and errors at once, other lines together with those of a few milliseconds.
///
/// # Errors
/// See [`LogError`].
pub fn init(config: &Log) -> Result<Rest, LogError> {
    let (lines, rest) = Gathered::new(io::stderr())?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&config.level)?).with_writer(lines);
    let installed = match config.format {
        Format::Json => builder.fmt_fields(json::Fields).event_format(json::Lines).try_init(),
        Format::Text => builder.with_ansi(false).try_init(),
    };
    installed.map_err(|_| LogError::Installed)?;
    Ok(rest)
}
