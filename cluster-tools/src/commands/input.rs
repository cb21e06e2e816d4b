//! What commands read from files and standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Bytes of a file of fields: the node takes no more.
const MAX_FIELDS: u64 = 1024 * 1024;

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Opens a file; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
    Ok(Box::new(file))
}

/// At most `limit` bytes of a file; `-` is standard input.
pub(crate) fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(limit).read_to_end(&mut bytes);
    read.map_err(|source| Failure::File { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// The text in a file; `-` is standard input. One that is too long is refused by the node.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let wrong = |_| Failure::Usage(format!("{}: not a text", path.display()));
    String::from_utf8(bytes(path, MAX_FIELDS)?).map_err(wrong)
}

/// The JSON object in a file; `-` is standard input.
pub(crate) fn object(path: &Path) -> Result<Map<String, Value>, Failure> {
    // The parser's message may quote, its place does not.
    serde_json::from_slice(&bytes(path, MAX_FIELDS)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Usage(format!("{}: not a JSON object (line {line}, column {column})", path.display()))
    })
}
