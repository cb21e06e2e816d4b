//! `woad rejoin`: a node whose data must not be served from becomes a new one (docs/runbook.md, "A damaged node").

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use crate::config::{Config, SecretText, read_bounded};
use crate::store::{Member, Opener, Options};

/// How long the command waits for the new node to vote. It becomes a voter by itself in any case.
const VOTES: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a join token, read from standard input.
const MAX_TOKEN: u64 = 4096;

/// What became of it.
#[derive(Debug)]
pub struct Rejoined {
    /// Where the old data are; `None`: there were none.
    pub aside: Option<PathBuf>,
    /// The new node's id.
    pub node: u64,
    /// Whether it votes already.
    pub votes: bool,
}

/// The join token: from the file, else from the configuration, else from standard input.
///
/// # Errors
/// When there is none.
pub fn token(config: &Config, file: Option<&Path>) -> anyhow::Result<SecretText> {
    let text = match file {
        Some(path) => {
            let bytes = read_bounded(path).with_context(|| path.display().to_string())?;
            SecretText::new(String::from_utf8_lossy(&bytes).trim().to_owned())
        }
        None => {
            if let Some(token) = config.cluster.token().context("cluster.join_token_file")? {
                token
            } else {
                let mut text = String::new();
                io::stdin().lock().take(MAX_TOKEN).read_to_string(&mut text).context("standard input")?;
                SecretText::new(text.trim().to_owned())
            }
        }
    };
    // Looked at before anything is moved.
    text.reveal().parse::<raft_store::trust::JoinToken>().context("join token")?;
    Ok(text)
}

/// Moves the old data aside, joins, and waits until the new node votes.
///
/// # Errors
/// When a process uses the folder, or no member lets this node in. The old data are never served from again either way.
pub async fn run(config: &Config, opener: &dyn Opener, token: SecretText) -> anyhow::Result<Rejoined> {
    let options = Options::from(config);
    let when = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace([':', '-'], "");
    let aside = raft_store::set_aside(&options.data_dir, &when).context("the old data cannot be moved aside")?;
    let joined = opener.join(options, token).await;
    let member = joined.with_context(|| match &aside {
        Some(aside) => format!("the old data are in {}; run `woad rejoin` again with a new token", aside.display()),
        None => "run `woad rejoin` again with a new token".to_owned(),
    })?;
    let votes = tokio::time::timeout(VOTES, voting(&*member)).await.is_ok();
    let node = member.control().status().node.0;
    member.shutdown().await;
    Ok(Rejoined { aside, node, votes })
}

async fn voting(member: &dyn Member) {
    loop {
        let status = member.control().status();
        if status.members.iter().any(|known| known.id == status.node && known.voter) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Rejoined {
    /// For the operator.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("this is node {} now", self.node);
        out.push_str(if self.votes { ", and it votes" } else { ", and will vote once it has caught up" });
        out.push_str("; start the service (systemctl start woad)\n");
        if let Some(aside) = &self.aside {
            // A string takes whatever is written.
            let _ = writeln!(
                out,
                "the old data are in {}: they hold the state and keys, destroy them when nobody needs them any more",
                aside.display()
            );
        }
        out
    }
}
