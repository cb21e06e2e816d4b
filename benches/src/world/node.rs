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
use super::process::{Process, Under, free_port, program};
use super::{Metrics, Tls};

/// A start that takes longer has failed.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks whether it is ready: the accuracy of the start time.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How a node is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeOptions {
    /// `node.debug_fsync_delay`, where nothing else can slow its flushes down.
    pub(crate) own_flush_delay: Option<Duration>,
    pub(crate) under: Under,
    /// What its clients speak; else plain HTTP.
    pub(crate) tls: Option<Tls>,
}

impl NodeOptions {
    /// On one processor, if one is given.
    pub(crate) fn on(cpu: Option<usize>) -> Self {
        Self { under: Under { cpu, ..Under::default() }, ..Self::default() }
    }

    /// With flushes that take so much longer, by `strace` if it works here.
    pub(crate) fn slow(delay: Duration, strace: bool) -> Self {
        if strace {
            Self { under: Under { flush_delay: Some(delay), ..Under::default() }, ..Self::default() }
        } else {
            Self { own_flush_delay: Some(delay), ..Self::default() }
        }
    }
}

/// A node and where it is reached.
pub(crate) struct Node {
    process: Process,
    folder: PathBuf,
    pub(crate) https: SocketAddr,
    peer: u16,
    pub(crate) tls: Option<Tls>,
}

impl Node {
    /// Starts a node without data.
    pub(crate) fn start(folder: &Path, options: &NodeOptions, join: Option<&str>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (https, peer) = (SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)), free_port()?);
        let process = Self::spawn(folder, https, peer, options, join)?;
        Ok(Self { process, folder: folder.to_path_buf(), https, peer, tls: options.tls.clone() })
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
        if let Some(delay) = options.own_flush_delay {
            writeln!(text, "debug_fsync_delay = \"{}us\"", delay.as_micros())?;
        }
        writeln!(text, "[peer]\nlisten = \"127.0.0.1:{peer}\"\n[https]\nlisten = [\"{https}\"]")?;
        match &options.tls {
            None => writeln!(text, "plain = true")?,
            Some(Tls { certificate, key, .. }) => {
                writeln!(text, "certificate = '{}'\nkey = '{}'", certificate.display(), key.display())?;
            }
        }
        std::fs::write(&file, text)?;
        let mut command = program("woad")?;
        command.arg("-c").arg(&file);
        if let Some(token) = join {
            command.env("WOAD_CLUSTER_JOIN_TOKEN", token);
        }
        Process::start("woad", &command, options.under, &folder.join("log"))
    }

    /// Stops it and starts it again on its data.
    pub(crate) async fn restart(&mut self, options: &NodeOptions) -> anyhow::Result<()> {
        self.process.stop().await?;
        self.start_again(options)
    }

    /// Starts a stopped node on its data.
    pub(crate) fn start_again(&mut self, options: &NodeOptions) -> anyhow::Result<()> {
        self.process = Self::spawn(&self.folder, self.https, self.peer, options, None)?;
        self.tls.clone_from(&options.tls);
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
        match Connection::open(Ipv4Addr::LOCALHOST, self.https, self.tls.as_ref()).await {
            Ok(mut connection) => {
                Ok(connection.send(request).await.is_ok_and(|answer| answer.status() == StatusCode::OK))
            }
            Err(_) => Ok(false),
        }
    }

    /// Returns when `/readyz` says 200.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        self.ready_within(START_WITHIN).await
    }

    /// The same for a start that has more to do.
    pub(crate) async fn ready_within(&mut self, within: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        while !self.is_ready().await? {
            self.process.check().with_context(|| self.last_words())?;
            if start.elapsed() > within {
                bail!("not ready within {within:?}: {}", self.last_words());
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

    /// The folder that holds what it keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.data().join("woad.sock")
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
