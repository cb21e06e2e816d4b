//! Passwords, on their way to a node. Never an argument: those are in every process list and in the shell's history.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::commands::input;
use crate::failure::Failure;

/// Bytes that are read of a file: the longest password is a quarter of this.
const MAX_FILE: u64 = 4096;

/// The first line of a file; `-` is standard input.
pub(crate) fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(input::bytes(path, MAX_FILE)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable(path, "is not UTF-8"))?;
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() { Err(unusable(path, "has no password in its first line")) } else { Ok(line.to_owned().into()) }
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::Usage(format!("{} {why}", path.display()))
}

/// Asks for a password twice, without showing it.
pub(crate) fn from_terminal(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("there is nobody to ask for the password; say --file FILE, or --file -".to_owned()));
    }
    let first = ask(prompt)?;
    let again = ask("Once more")?;
    if *first == *again { Ok(first) } else { Err(Failure::Usage("the two differ; nothing was done".to_owned())) }
}

/// Switches the terminal's echo off, and on again when dropped.
struct Unseen(Termios);

impl Unseen {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that has gone needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let mut err = io::stderr().lock();
    write!(err, "{prompt}: ").and_then(|()| err.flush()).map_err(Failure::Machine)?;
    let mut line = Zeroizing::new(String::new());
    {
        let _unseen = Unseen::new().map_err(Failure::Machine)?;
        io::stdin().lock().read_line(&mut line).map_err(Failure::Machine)?;
    }
    writeln!(err).map_err(Failure::Machine)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err(Failure::NotConfirmed) } else { Ok(Zeroizing::new(password.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_as_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (content, expected) in
            [("correct horse \r\nmore", "correct horse "), ("batterystaple", "batterystaple"), (" x\n", " x")]
        {
            std::fs::write(&path, content).unwrap();
            assert_eq!(from_file(&path).unwrap().as_str(), expected);
        }
        for bad in [&b""[..], b"\nsecond", b"\xff\xfe"] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(from_file(&path), Err(Failure::Usage(_))), "{bad:?}");
        }
    }
}
