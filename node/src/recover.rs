//! `woad recover`: from a lost quorum into a new life, by hand and aloud.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use raft_store::recovery::{self, RecoverError, Step, Survivor};
use raft_store_core::{Abort, View};
use woad_identity::{Actor, realm, token};

use crate::config::Config;
use crate::store::Options;

/// What an operator wants of it.
#[derive(Clone, Debug, Args)]
pub struct Wanted {
    /// Go on: the id of the cluster whose quorum is lost. Without it, the survivor is only shown, and on a terminal the
    /// id is asked for.
    #[arg(long, value_name = "CLUSTER-ID")]
    yes: Option<String>,
    /// Leave tokens, sessions and refresh tokens as they are. Only where it is known that nothing was revoked, nobody
    /// suspended and no refresh token used in the time that is lost.
    #[arg(long)]
    keep_tokens: bool,
    /// Write the new recovery bundle to this new file, mode 0600. Default: to standard output.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// See [`RecoverError`].
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The bundle's file, or standard output.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The bundle has no text.
    #[error(transparent)]
    Bundle(#[from] raft_store::trust::bundle::BundleError),
}

/// What is said of a survivor before anything is done.
fn describe(found: &Survivor, keep_tokens: bool, out: &mut impl Write) -> io::Result<()> {
    let votes = if found.votes { "votes" } else { "does not vote" };
    writeln!(out, "cluster         {}", found.cluster)?;
    writeln!(out, "node            {} ({votes})", found.node)?;
    writeln!(out, "last log entry  term {}, index {}", found.last_term, found.last_index)?;
    writeln!(out, "applied         {}", found.applied)?;
    for voter in &found.others {
        let at = match voter.applied {
            Some((term, index)) => format!("answers; applied term {term}, index {index}"),
            None if voter.answers => "answers".to_owned(),
            None => "no answer".to_owned(),
        };
        writeln!(out, "other voter     node {} at {}: {at}", voter.node, voter.address)?;
    }
    if found.quorum {
        return writeln!(out, "\nThat is a quorum. Start this node: there is nothing to recover from.");
    }
    writeln!(
        out,
        "\nTo recover makes a new cluster of this one node. What is lost for ever: every write after this node's last log \
         entry that the others acknowledged. Among it may be suspensions, revocations, changed passwords and secrets, new \
         people and clients. The other nodes can't come back as they are: they join again as new ones.\n\n\
         Of several survivors the one with the highest (term, index) has lost least: run this on each of them first."
    )?;
    if let Some(other) = found.outdone_by() {
        writeln!(out, "NODE {} HAS MORE than this one: recover that one instead.", other.node)?;
    }
    let tokens = if keep_tokens {
        "Tokens and sessions stay as they are, also those whose revocation is lost (--keep-tokens)."
    } else {
        "All tokens, sessions and refresh tokens given so far end, in every realm: their revocation may be among what is \
         lost. People sign in again; --keep-tokens leaves them."
    };
    writeln!(out, "{tokens}")
}

/// Ends everything that was given before, in every realm.
fn end_tokens(view: &View<'_>) -> Result<Vec<Step>, Abort> {
    let realms = realm::list(view)?.into_iter().map(|realm| {
        let id = realm.key;
        Box::new(move |tx: &mut raft_store_core::Tx<'_>| token::end_all(tx, &id, &Actor::system()).map(drop)) as Step
    });
    Ok(realms.collect())
}

fn ask() -> io::Result<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut err = io::stderr().lock();
    write!(err, "\nType the cluster's id to go on: ")?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Some(line.trim().to_owned()).filter(|line| !line.is_empty()))
}

/// Shows the survivor, and makes it a new cluster if the operator says so.
///
/// # Errors
/// See [`Failure`]; the data folder is as it was then.
pub async fn run(config: &Config, wanted: &Wanted) -> Result<ExitCode, Failure> {
    let options: raft_store::Options = Options::from(config).into();
    let found = recovery::survey(options.clone()).await?;
    let mut out = io::stdout();
    describe(&found, wanted.keep_tokens, &mut out)?;
    if found.quorum {
        return Ok(ExitCode::FAILURE);
    }
    let typed = match &wanted.yes {
        Some(typed) => Some(typed.clone()),
        None => ask()?,
    };
    let Some(typed) = typed else {
        writeln!(out, "\nNothing was changed. To go on, say --yes {}", found.cluster)?;
        return Ok(ExitCode::FAILURE);
    };
    // Made first: there is no second bundle for a file that can't be written.
    let mut file = match &wanted.bundle {
        Some(path) => Some(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?),
        None => None,
    };
    let nothing = |_: &View<'_>| Ok(Vec::new());
    let steps: recovery::Steps<'_> = if wanted.keep_tokens { &nothing } else { &end_tokens };
    let made = recovery::recover(options, &typed, steps).await.inspect_err(|_| {
        if let Some(path) = &wanted.bundle {
            // It is empty and was made by us.
            let _ = std::fs::remove_file(path);
        }
    });
    let (_, bundle) = made?;
    let text = bundle.to_text()?;
    writeln!(
        out,
        "\nRecovered: node {} is cluster {}, incarnation {}.",
        found.node,
        bundle.cluster,
        found.next_life().0 >> 44
    )?;
    match &mut file {
        Some(file) => {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            writeln!(out, "Its recovery bundle is in the file; the old one opens it no more.")?;
        }
        None => writeln!(out, "Its recovery bundle, shown this once:\n{}", text.as_str())?,
    }
    writeln!(
        out,
        "Start the node, then let new nodes join by token. If the lost machines are not known to be destroyed, rotate the \
         cluster key: woadctl cluster rotate-key"
    )?;
    Ok(ExitCode::SUCCESS)
}
