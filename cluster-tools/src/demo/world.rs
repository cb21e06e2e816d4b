//! Everything a demo has: folder, sites, processes.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;
use uuid::Uuid;

use super::Wanted;
use super::certificates::Authority;
use super::fault::Fault;
use super::ports::Ports;
use super::processes::{Processes, last_lines};
use super::report::Report;
use super::site::{ADDRESSES, Site};
use crate::admin::Call;
use crate::private_file;

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The demo's world.
pub(super) struct World {
    /// Mode 0700; goes when this does, unless it is to stay.
    pub(super) folder: TempDir,
    /// The three, in order.
    pub(super) sites: Vec<Arc<Site>>,
    pub(super) processes: Processes,
    /// By which operators may call the operations listeners.
    pub(super) operator_token: String,
    keep: bool,
}

/// Who does what in the story.
#[derive(Clone)]
pub(super) struct Roles {
    pub(super) leader: Arc<Site>,
    pub(super) first: Arc<Site>,
    pub(super) second: Arc<Site>,
}

fn binary(wanted: &Wanted) -> Result<PathBuf, Fault> {
    match &wanted.node_binary {
        // A name without a folder would be looked for in PATH.
        Some(path) => Ok(std::path::absolute(path)?),
        None => Ok(std::env::current_exe()?.with_file_name("woad")),
    }
}

impl World {
    /// Prepares everything; starts nothing.
    pub(super) fn new(wanted: &Wanted) -> Result<Self, Fault> {
        if let Some(path) = &wanted.env_file {
            // Whoever waits for the file must not find that of an earlier demo.
            match std::fs::remove_file(path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Fault::File { path: path.clone(), source });
                }
                _ => {}
            }
        }
        let private = Permissions::from_mode(0o700);
        let mut folder = tempfile::Builder::new().prefix("woad-demo-").permissions(private).tempdir()?;
        folder.disable_cleanup(wanted.keep);
        let processes = Processes::new(binary(wanted)?, folder.path(), wanted.keep)?;
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            private_file::write(&path, text).map_err(|source| Fault::File { path: path.clone(), source })?;
            Ok::<_, Fault>(path)
        };
        let authority = Authority::new()?;
        write("ca.pem", &authority.pem)?;
        let operator_token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let token_file = write("operator-token", &operator_token)?;
        let ports = Ports::find()?;
        let mut sites = Vec::new();
        for (number, address) in (1..).zip(ADDRESSES) {
            let site = Site::prepare(number, address, folder.path(), ports, &authority, &token_file)?;
            sites.push(Arc::new(site));
        }
        Ok(Self { folder, sites, processes, operator_token, keep: wanted.keep })
    }

    /// The authority's certificate.
    pub(super) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Who leads, as all running nodes agree, and the two others.
    pub(super) async fn roles(&self) -> Result<Roles, Fault> {
        let (mut leaders, mut others) = (Vec::new(), Vec::new());
        for site in &self.sites {
            let status = site.admin(Call::get("/v1/cluster")).await?;
            let leads = status.get("state").and_then(Value::as_str) == Some("leader");
            (if leads { &mut leaders } else { &mut others }).push(Arc::clone(site));
        }
        match (leaders.as_slice(), others.as_slice()) {
            ([leader], [first, second]) => {
                let (leader, first, second) = (Arc::clone(leader), Arc::clone(first), Arc::clone(second));
                Ok(Roles { leader, first, second })
            }
            _ => Err(Fault::NotHeld(format!("{} of three nodes say that they lead", leaders.len()))),
        }
    }

    /// Waits for something, looking every 50 ms, and gives up when a node ends meanwhile.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        look: impl AsyncFn() -> Result<T, String>,
    ) -> Result<T, Fault> {
        let started = Instant::now();
        loop {
            let seen = match look().await {
                Ok(come) => return Ok(come),
                Err(seen) => seen,
            };
            self.processes.check()?;
            if started.elapsed() > limit {
                return Err(Fault::Late { what: what.to_owned(), seconds: limit.as_secs(), seen });
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until a node's operations socket answers.
    pub(super) async fn answers(&mut self, site: &Site, limit: Duration) -> Result<(), Fault> {
        let what = format!("an answer at node {}'s operations socket", site.number);
        let look = async || site.try_admin(Call::get("/livez")).await.map(drop).map_err(|failure| failure.to_string());
        self.until(&what, limit, look).await
    }

    /// Waits until a node says over https that it wants requests.
    pub(super) async fn ready(&mut self, site: &Site, limit: Duration) -> Result<(), Fault> {
        let url = format!("{}/readyz", site.url);
        let look = async || match site.client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(answer.status().to_string()),
            Err(_) => Err("no answer".to_owned()),
        };
        self.until(&format!("readiness of node {}", site.number), limit, look).await
    }

    /// A fault, or what is behind it: that a node has ended.
    pub(super) fn explain(&mut self, why: Fault) -> Fault {
        self.processes.check().err().unwrap_or(why)
    }

    /// Shows the ends of the logs of nodes that ended by themselves; without such, of all.
    pub(super) fn last_words(&mut self, report: &Report) {
        let ended: Vec<u8> =
            self.sites.iter().map(|site| site.number).filter(|number| self.processes.pid(*number).is_none()).collect();
        for site in self.sites.iter().filter(|site| ended.is_empty() || ended.contains(&site.number)) {
            let lines = last_lines(site);
            if lines.is_empty() {
                continue;
            }
            report.say(&format!("\nLast lines of node {}'s log:", site.number));
            for line in lines {
                report.say(&format!("  {line}"));
            }
        }
    }

    /// Stops all nodes. The folder goes when this is dropped.
    pub(super) async fn stop(&mut self, report: &Report) {
        for (number, how) in self.processes.stop().await {
            report.say(&format!("node {number} did not stop well: {how}"));
        }
        if self.keep {
            report.say(&format!("Everything is left in {}", self.path().display()));
        }
    }
}
