//! Asking before something that can't be taken back.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;

use crate::failure::Failure;

/// Whether to ask.
#[derive(Args)]
pub(crate) struct Confirmation {
    /// Don't ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl Confirmation {
    /// Returns when the operator has agreed.
    pub(crate) fn ask(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage(format!("{question} There is nobody to ask; say --yes")));
        }
        let mut err = io::stderr().lock();
        let asked = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
        asked.map_err(Failure::Machine)?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map_err(Failure::Machine)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::NotConfirmed) }
    }
}
