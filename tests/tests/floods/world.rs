//! A cluster of three with a realm and a client; connections from many addresses of loopback; and what a node counts.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use woad_tests::{Client, Cluster, Node, Realm, eventually};

/// Longer than any of the limits that close connections.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);
/// The place of the node that is flooded.
pub(crate) const TARGET: usize = 2;

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) realm: Realm,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let cluster = Cluster::three().await?;
        let realm = cluster.realm(0, json!({})).await?;
        let client = cluster.client(1, &realm, "caller").await?;
        Ok(Self { cluster, realm, client })
    }

    pub(crate) fn target(&self) -> &Node {
        &self.cluster.nodes[TARGET]
    }

    /// Starts the target again with these lines in its section of limits.
    pub(crate) async fn limit(&mut self, lines: &str) -> Result<()> {
        let node = self.cluster.node_mut(TARGET)?;
        let config = node.config();
        let text = fs::read_to_string(&config)?;
        fs::write(&config, format!("{text}\n[limits]\n{lines}\n"))?;
        node.terminate().await?;
        node.start(None)?;
        node.ready().await.map(drop)
    }

    /// What the target counts under a name with these labels, all other labels summed.
    pub(crate) async fn counted(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
        counted(self.target(), name, labels).await
    }

    /// Waits until the target has counted so much.
    pub(crate) async fn counts(&self, what: &str, name: &str, labels: &[(&str, &str)], least: f64) -> Result<()> {
        let look = async || self.counted(name, labels).await.ok().filter(|count| *count >= least).map(drop);
        eventually(what, PATIENCE, look).await.map(drop)
    }

    /// How long a token takes at the target, at the 99th of a hundred; none fails.
    pub(crate) async fn p99(&self) -> Result<Duration> {
        let mut took = Vec::new();
        for _ in 0..100 {
            let start = Instant::now();
            self.target().https.token(&self.client).await?;
            took.push(start.elapsed());
        }
        took.sort();
        took.into_iter().nth(98).context("a hundred")
    }

    /// Every node issues tokens that every node knows.
    pub(crate) async fn serves(&self) -> Result<()> {
        for node in &self.cluster.nodes {
            let token = node.https.token(&self.client).await?;
            for other in &self.cluster.nodes {
                let answer = other.https.introspect(&self.client, &token).await?;
                ensure!(answer.active() == Some(true), "{}", answer.body);
            }
        }
        Ok(())
    }

    pub(crate) async fn finish(self) -> Result<()> {
        self.serves().await?;
        self.cluster.finish().await
    }
}

/// What a node counts under a name with these labels, all other labels summed.
pub(crate) async fn counted(node: &Node, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
    let text = node.admin.get("/metrics").await?.expect(200)?.body;
    let wanted: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let mut sum = 0.0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').context("a line without value")?;
        let named = series.split('{').next() == Some(name);
        if named && wanted.iter().all(|label| series.contains(label)) {
            sum += value.parse::<f64>()?;
        }
    }
    Ok(sum)
}

/// Lets this process open as many files as the system allows.
pub(crate) fn many_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// An address of loopback that is nobody else's.
pub(crate) fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 7, 0, number).into()
}

/// A connection from there.
pub(crate) async fn connect(from: IpAddr, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(from, 0))?;
    tokio::time::timeout(PATIENCE, socket.connect(to)).await.context("no connection")?.context("connect")
}

/// So many connections that say nothing.
pub(crate) async fn hold(count: usize, from: impl Fn(usize) -> IpAddr, to: SocketAddr) -> Result<Vec<TcpStream>> {
    let mut held = Vec::with_capacity(count);
    for number in 0..count {
        held.push(connect(from(number), to).await?);
    }
    Ok(held)
}
