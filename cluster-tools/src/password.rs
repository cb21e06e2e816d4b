//! Passwords, on their way to a node. Never an argument: those are in every process list and in the shell's history.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::commands::input;
use crate::failure::Failure;

/// Bytes that are read of a file: the longest password is a quarter of this.
const MAX_FILE: u64 = 4096;

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;
/// In the place of a key: there is none (`_POSIX_VDISABLE`).
const NO_KEY: u8 = 0;

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

/// Asks for a password twice, without showing it. Whatever ends the program meanwhile, the terminal shows again what is
/// typed.
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
        // Whoever stops the program would be left in a terminal without echo.
        silent.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
        // From now on, so that there is no moment in which a signal ends the program and leaves the echo off.
        interruptible(&before)?;
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        show(&self.0);
    }
}

fn show(before: &Termios) {
    // A terminal that has gone needs no echo.
    let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
}

/// For the rest of the program: upon a signal that ends it, puts the terminal back as it was, then ends.
fn interruptible(before: &Termios) -> io::Result<()> {
    static ONCE: OnceLock<()> = OnceLock::new();
    if ONCE.set(()).is_err() {
        return Ok(());
    }
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()] {
        let mut signals = signal(kind)?;
        let before = before.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                show(&before);
                // Nobody is left to tell when standard error is closed.
                let _ = writeln!(io::stderr());
                std::process::exit(SIGNALLED.saturating_add(kind.as_raw_value()));
            }
        });
    }
    Ok(())
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    // Not locked while it waits: who ends the program then writes there too.
    let tell = |text: &str| write!(io::stderr(), "{text}").map_err(Failure::Machine);
    let mut line = Zeroizing::new(String::new());
    {
        let _unseen = Unseen::new().map_err(Failure::Machine)?;
        tell(&format!("{prompt}: "))?;
        io::stdin().lock().read_line(&mut line).map_err(Failure::Machine)?;
    }
    tell("\n")?;
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
