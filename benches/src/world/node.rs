//! One `woad` process.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http::header::HOST;
use http::{Request, StatusCode};
use serde_json::Value;

use super::http::Connection;
use super::process::{Process, free_port, program};
use super::{Metrics, process};

/// A start that takes longer has failed.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks whether it is ready: the accuracy of the start time.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How a node is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeOptions {
    /// `node.debug_fsync_delay`
    pub(crate) fsync_delay: Option<&'static str>,
    /// The processor it runs on.
    pub(crate) cpu: Option<usize>,
}

/// A node and where it is reached.
pub(crate) struct Node {
    process: Process,
    folder: PathBuf,
    pub(crate) https: SocketAddr,
    peer: u16,
}

impl Node {
    /// Starts a node without data.
    pub(crate) fn start(folder: &Path, options: &NodeOptions, join: Option<&str>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (https, peer) = (SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)), free_port()?);
        let process = Self::spawn(folder, https, peer, options, join)?;
        Ok(Self { process, folder: folder.to_path_buf(), https, peer })
    }

    fn spawn(
        folder: &Path,
        https: SocketAddr,
        peer: u16,
        options: &NodeOptions,
        join: Option<&str>,
    ) -> anyhow::Result<Process> {
        let file = folder.join("woad.toml");
        let mut text = format!("[node]\ndata_dir = '{}'\n", folder.join("data").display());
        if let Some(delay) = options.fsync_delay {
            writeln!(text, "debug_fsync_delay = {delay:?}")?;
        }
        write!(text, "[https]\nlisten = [\"{https}\"]\nplain = true\n[peer]\nlisten = \"127.0.0.1:{peer}\"\n")?;
        std::fs::write(&file, text)?;
        let mut command = program("woad")?;
        command.arg("-c").arg(&file);
        if let Some(token) = join {
            command.env("WOAD_CLUSTER_JOIN_TOKEN", token);
        }
        process::Process::start("woad", &command, options.cpu, &folder.join("log"))
    }

    /// Stops it and starts it again on its data.
    pub(crate) async fn restart(&mut self, options: &NodeOptions) -> anyhow::Result<()> {
        self.process.stop().await?;
        self.start_again(options)
    }

    /// Starts a stopped node on its data.
    pub(crate) fn start_again(&mut self, options: &NodeOptions) -> anyhow::Result<()> {
        self.process = Self::spawn(&self.folder, self.https, self.peer, options, None)?;
        Ok(())
    }

    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.process.stop().await
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    async fn is_ready(&self) -> anyhow::Result<bool> {
        let request = Request::get("/readyz").header(HOST, "woad").body(bytes::Bytes::new().into())?;
        match Connection::tcp(self.https).await {
            Ok(mut connection) => {
                Ok(connection.send(request).await.is_ok_and(|answer| answer.status() == StatusCode::OK))
            }
            Err(_) => Ok(false),
        }
    }

    /// Returns when `/readyz` says 200.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while !self.is_ready().await? {
            self.process.check().with_context(|| self.last_words())?;
            if start.elapsed() > START_WITHIN {
                bail!("not ready within {START_WITHIN:?}: {}", self.last_words());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n")
    }

    /// Asks the operations socket, which opens soon after the start.
    pub(crate) async fn operate(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let socket = self.socket();
        let start = Instant::now();
        let mut connection = loop {
            match Connection::unix(&socket).await {
                Ok(connection) => break connection,
                Err(error) if start.elapsed() > START_WITHIN => return Err(error),
                Err(_) => {
                    self.process.check().with_context(|| self.last_words())?;
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        };
        let answer = connection.call(method, path, body).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("data/woad.sock")
    }

    /// A connection to the operations socket of a node that is ready, for many requests.
    pub(crate) async fn operations(&self) -> anyhow::Result<Connection> {
        Connection::unix(&self.socket()).await
    }

    /// What it says of itself.
    pub(crate) async fn metrics(&self) -> anyhow::Result<Metrics> {
        let mut connection = self.operations().await?;
        Ok(Metrics::parse(&String::from_utf8_lossy(&connection.call("GET", "/metrics", None).await?)))
    }
}
