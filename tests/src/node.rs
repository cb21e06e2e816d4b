//! One `woad` process.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Child;

use crate::admin::Admin;
use crate::authority::Authority;
use crate::endpoint::Endpoint;
use crate::program::program;
use crate::site::Site;
use crate::wait::eventually;

/// The host name of the realm that tests use.
pub const HOST: &str = "iam.test";
/// The host name of a second realm.
pub const OTHER_HOST: &str = "other.test";
/// A start takes far less; a busy machine may be slow.
const START: Duration = Duration::from_secs(30);
/// After this the process is taken to hang.
const STOP: Duration = Duration::from_secs(15);

/// A node: its folder, its process while there is one, and the ways to reach it.
pub struct Node {
    /// Its place in the cluster, from 0. (Its id is its own.)
    pub place: usize,
    /// Its operations socket.
    pub admin: Admin,
    /// Its https listener.
    pub https: Endpoint,
    /// Where its https listener is.
    pub https_address: SocketAddr,
    /// Where its peer listener is.
    pub peer_address: SocketAddr,
    /// Where it is and how it is started; a change counts from the next start.
    pub site: Site,
    folder: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// Makes folder and configuration; starts nothing.
    pub(crate) fn prepare(root: &Path, place: usize, authority: &Authority, site: Site) -> Result<Self> {
        let folder = root.join(format!("node-{}", place + 1));
        fs::create_dir_all(&folder)?;
        authority.issue(&[HOST, OTHER_HOST, "localhost", "127.0.0.1"], &folder)?;
        let (https, peer) = (site.https, site.peer);
        let data = site.data.clone().unwrap_or_else(|| folder.join("data"));
        let advertise = site.advertise.map(|at| format!("advertise = '{at}'\n")).unwrap_or_default();
        let config = format!(
            "[node]\ndata_dir = '{}'\n{}\n[https]\nlisten = ['{https}']\ncertificate = '{}'\nkey = '{}'\n\
             [peer]\nlisten = '{peer}'\n{advertise}[log]\nlevel = 'info,openraft=warn'\n{}",
            data.display(),
            site.node,
            folder.join("server.pem").display(),
            folder.join("server.key").display(),
            site.sections,
        );
        fs::write(folder.join("woad.toml"), config)?;
        Ok(Self {
            place,
            admin: Admin::new(data.join("woad.sock")),
            https: Endpoint::new(https, authority.pem())?,
            https_address: https,
            peer_address: peer,
            site,
            folder,
            child: None,
        })
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.site.data.clone().unwrap_or_else(|| self.folder.join("data"))
    }

    /// Its configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.join("woad.toml")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What it wrote to standard output and standard error, over all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Starts the process, with a join token or without; does not wait for it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(&mut self, join_token: Option<&str>) -> Result<()> {
        ensure!(self.child.is_none(), "node {} runs already", self.place + 1);
        let mut log = File::options().create(true).append(true).open(self.log_path())?;
        writeln!(log, "---- start")?;
        let mut command = self.site.command(&program("woad")?);
        command.arg("--config").arg(self.config());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WOAD_")) {
            command.env_remove(name);
        }
        if let Some(token) = join_token {
            let file = self.folder.join("join-token");
            fs::write(&file, token)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
            command.env("WOAD_CLUSTER_JOIN_TOKEN_FILE", file);
        }
        command.env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        self.child = Some(command.spawn()?);
        Ok(())
    }

    /// Runs the node's program to its end with further words, `recover` for example, where the node lives.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn run(&self, words: &[&str]) -> Result<std::process::Output> {
        let mut command = self.site.command(&program("woad")?).into_std();
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WOAD_")) {
            command.env_remove(name);
        }
        Ok(command.arg("--config").arg(self.config()).args(words).stdin(Stdio::null()).output()?)
    }

    /// The process id, while it runs.
    ///
    /// # Errors
    /// When it does not.
    pub fn process(&self) -> Result<u32> {
        self.child.as_ref().and_then(Child::id).context("the node does not run")
    }

    fn pid(&self) -> Result<Pid> {
        Pid::from_raw(i32::try_from(self.process()?)?).context("no process id")
    }

    /// Whether the process runs.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(match &mut self.child {
            Some(child) => child.try_wait()?.is_none(),
            None => false,
        })
    }

    /// SIGKILL; returns when the process is gone.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        self.kill_now()?;
        self.exited().await.map(drop)
    }

    /// SIGKILL, without waiting.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_now(&self) -> Result<()> {
        Ok(kill_process(self.pid()?, Signal::KILL)?)
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        Ok(kill_process(self.pid()?, Signal::STOP)?)
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn wake(&self) -> Result<()> {
        Ok(kill_process(self.pid()?, Signal::CONT)?)
    }

    /// SIGTERM; returns the exit status and how long the stop took.
    ///
    /// # Errors
    /// When it does not run, or does not stop.
    pub async fn terminate(&mut self) -> Result<(ExitStatus, Duration)> {
        let start = Instant::now();
        kill_process(self.pid()?, Signal::TERM)?;
        Ok((self.exited().await?, start.elapsed()))
    }

    /// Waits for the process to end by itself.
    ///
    /// # Errors
    /// When it does not.
    pub async fn exited(&mut self) -> Result<ExitStatus> {
        let child = self.child.as_mut().context("the node does not run")?;
        let status = tokio::time::timeout(STOP, child.wait()).await.context("the process does not end")??;
        self.child = None;
        Ok(status)
    }

    /// Waits until the node says it is ready; tells how long that took.
    ///
    /// # Errors
    /// When it does not within 30 s, or its process ends.
    pub async fn ready(&mut self) -> Result<Duration> {
        let what = format!("node {} is ready", self.place + 1);
        let start = Instant::now();
        loop {
            let probe = self.admin.get("/readyz").await;
            if probe.as_ref().is_ok_and(|answer| answer.status == 200) {
                return Ok(start.elapsed());
            }
            ensure!(self.runs()?, "the process ended before {what}");
            ensure!(start.elapsed() < START, "not within {START:?}: {what}: {probe:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the operations socket answers.
    ///
    /// # Errors
    /// When it does not within 30 s.
    pub async fn listens(&self) -> Result<()> {
        let look = async || self.admin.get("/livez").await.ok().map(drop);
        eventually("the operations socket answers", START, look).await.map(drop)
    }

    /// The cluster as this node sees it.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn status(&self) -> Result<Value> {
        self.admin.show("/v1/cluster").await
    }

    /// A number of [`Self::status`].
    ///
    /// # Errors
    /// When it is not there.
    pub async fn figure(&self, name: &str) -> Result<u64> {
        self.status().await?.get(name).and_then(Value::as_u64).with_context(|| format!("no {name} in the status"))
    }
}
