//! Programs that change the field.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Runs a program to its end; what it wrote.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, words: &[S]) -> Result<String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output().context(program.to_owned())?;
    let words: Vec<_> = words.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}: {}", words.join(" "), output.status, error.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same with the words in one line.
pub(crate) fn line(words: &str) -> Result<String> {
    let words: Vec<&str> = words.split_ascii_whitespace().collect();
    let (program, rest) = words.split_first().context("no program")?;
    run(program, rest)
}
