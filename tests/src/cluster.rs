//! Clusters of processes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OwnedSemaphorePermit;

use crate::authority::Authority;
use crate::endpoint::Endpoint;
use crate::gate::Gate;
use crate::node::{HOST, Node, OTHER_HOST};
use crate::realm::{Client, Realm};
use crate::site::Site;
use crate::state::state_of;
use crate::turn;
use crate::wait::eventually;

/// Lines of each node's log that a failed test shows.
const LOG_TAIL: usize = 60;
/// An election takes less than a second; a busy machine may be slow.
const SETTLE: Duration = Duration::from_secs(20);
/// How long reading everything at every node may take, a few times over.
const READS: Duration = Duration::from_secs(90);

/// What a cluster is made of.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Nodes that run and vote.
    pub nodes: usize,
    /// Nodes that are prepared and not started.
    pub spare: usize,
    /// Bytes of log after which a snapshot is built; `None`: as in production.
    pub snapshot_bytes: Option<u64>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { nodes: 3, spare: 0, snapshot_bytes: None }
    }
}

/// Processes that form a cluster, with a folder that goes when they go.
pub struct Cluster {
    /// The nodes by place, spare ones last.
    pub nodes: Vec<Node>,
    /// Signs the https listeners' certificates.
    pub authority: Authority,
    secrets: Mutex<BTreeSet<String>>,
    finished: bool,
    /// What of a failed test's logs is shown: everything, or complaints alone.
    complaints: bool,
    _turn: Option<OwnedSemaphorePermit>,
    _folder: TempDir,
}

/// The first thing that two nodes read otherwise.
fn difference(states: &[(usize, BTreeMap<String, Value>)]) -> Option<String> {
    let (_, first) = states.first()?;
    states.iter().find_map(|(place, state)| {
        let paths = first.keys().chain(state.keys());
        let other = paths.into_iter().find(|path| first.get(*path) != state.get(*path))?;
        Some(format!("node {} reads {other} otherwise", place + 1))
    })
}

impl Cluster {
    /// Three nodes.
    ///
    /// # Errors
    /// When they don't form a cluster.
    pub async fn three() -> Result<Self> {
        Self::start(Setup::default()).await
    }

    /// As described.
    ///
    /// # Errors
    /// When the nodes don't form a cluster.
    pub async fn start(setup: Setup) -> Result<Self> {
        let turn = turn::take().await?;
        Self::assemble(setup, Some(turn)).await
    }

    /// A cluster of one beside another.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn one_beside() -> Result<Self> {
        Self::assemble(Setup { nodes: 1, ..Setup::default() }, None).await
    }

    async fn assemble(setup: Setup, turn: Option<OwnedSemaphorePermit>) -> Result<Self> {
        let extra = setup.snapshot_bytes.map(|bytes| format!("debug_snapshot_bytes = {bytes}")).unwrap_or_default();
        let sites = (0..setup.nodes + setup.spare)
            .map(|_| Ok(Site { node: extra.clone(), ..Site::loopback()? }))
            .collect::<Result<Vec<_>>>()?;
        Self::form(sites, setup.nodes, TempDir::with_prefix("woad-")?, turn).await
    }

    /// At these sites, in no turn: the caller sees to it that clusters don't measure each other. The first `running`
    /// nodes are started and vote; their folders are made in `folder`.
    ///
    /// # Errors
    /// When the nodes don't form a cluster.
    pub async fn at(sites: Vec<Site>, running: usize, folder: &std::path::Path) -> Result<Self> {
        Self::form(sites, running, TempDir::with_prefix_in("cluster-", folder)?, None).await
    }

    async fn form(
        sites: Vec<Site>,
        running: usize,
        folder: TempDir,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Self> {
        Site::distinct(&sites)?;
        let authority = Authority::new()?;
        let prepare = |(place, site)| Node::prepare(folder.path(), place, &authority, site);
        let nodes = sites.into_iter().enumerate().map(prepare).collect::<Result<Vec<_>>>()?;
        let secrets = Mutex::default();
        let mut cluster =
            Self { nodes, authority, secrets, finished: false, complaints: false, _turn: turn, _folder: folder };
        cluster.node_mut(0)?.start(None)?;
        cluster.node(0)?.listens().await?;
        let made = cluster.node(0)?.admin.order("/v1/cluster/init").await?.expect(201)?.json()?;
        let key = made.pointer("/recovery_bundle/cluster_key").and_then(Value::as_str);
        cluster.secret(key.context("no cluster key in the recovery bundle")?);
        cluster.node_mut(0)?.ready().await?;
        for place in 1..running {
            cluster.join(place).await?;
        }
        Ok(cluster)
    }

    /// A node.
    ///
    /// # Errors
    /// When there is none at that place.
    pub fn node(&self, place: usize) -> Result<&Node> {
        self.nodes.get(place).with_context(|| format!("no node at place {place}"))
    }

    /// A node, to start or stop it.
    ///
    /// # Errors
    /// When there is none at that place.
    pub fn node_mut(&mut self, place: usize) -> Result<&mut Node> {
        self.nodes.get_mut(place).with_context(|| format!("no node at place {place}"))
    }

    /// Remembers a secret that no log may hold; a public client's empty one is none.
    pub fn secret(&self, text: &str) {
        if !text.is_empty() {
            self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned());
        }
    }

    /// A join token, from the node at that place.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn join_token(&self, place: usize) -> Result<String> {
        let made = self.node(place)?.admin.post("/v1/cluster/join-tokens", &json!({})).await?.expect(201)?.json()?;
        let token = made.get("token").and_then(Value::as_str).context("no token")?;
        let secret = token.split('.').nth(2).context("a join token has a secret")?;
        self.secret(secret);
        Ok(token.to_owned())
    }

    /// Starts a spare node with a token and waits until it votes.
    ///
    /// # Errors
    /// When it does not.
    pub async fn join(&mut self, place: usize) -> Result<()> {
        let first = self.nodes.iter_mut().position(|node| node.runs().unwrap_or_default());
        let token = self.join_token(first.context("no node runs")?).await?;
        self.node_mut(place)?.start(Some(&token))?;
        self.node_mut(place)?.ready().await?;
        let id = self.node(place)?.figure("node").await?;
        let node = self.node(place)?;
        eventually("the new node votes", SETTLE, async || {
            let status = node.status().await.ok()?;
            let members = status.get("members")?.as_array()?.clone();
            let own = members.iter().find(|member| member.get("id").and_then(Value::as_u64) == Some(id))?;
            own.get("voter")?.as_bool().filter(|voter| *voter)
        })
        .await
        .map(drop)
    }

    /// Places of the nodes that run.
    pub fn running(&mut self) -> Vec<usize> {
        self.nodes.iter_mut().filter_map(|node| node.runs().unwrap_or_default().then_some(node.place)).collect()
    }

    /// The place of the leader that these nodes agree on; it is one of them.
    ///
    /// # Errors
    /// When there is none within 20 s.
    pub async fn leader(&self, among: &[usize]) -> Result<usize> {
        let look = async || {
            let (mut named, mut leading) = (BTreeSet::new(), None);
            for node in self.nodes.iter().filter(|node| among.contains(&node.place)) {
                let status = node.status().await.ok()?;
                let leader = status.get("leader")?.as_u64()?;
                named.insert(leader);
                if status.get("node")?.as_u64()? == leader {
                    leading = Some(node.place);
                }
            }
            leading.filter(|_| named.len() == 1)
        };
        Ok(eventually("the nodes agree on a leader", SETTLE, look).await?.0)
    }

    /// A realm that every node serves, made through the node at that place.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn realm(&self, place: usize, settings: Value) -> Result<Realm> {
        Realm::create(&self.node(place)?.admin, "main", &self.hosts(HOST), settings).await
    }

    /// One name in front of all nodes.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn gate(&self) -> Result<Gate> {
        Gate::open(self.nodes.iter().map(|node| node.https_address).collect()).await
    }

    /// A realm whose issuer is the gate; the nodes serve it under their own names too.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn realm_behind(&self, gate: &Gate, place: usize, settings: Value) -> Result<Realm> {
        let hosts: Vec<String> = std::iter::once(gate.authority()).chain(self.hosts(HOST)).collect();
        Realm::create(&self.node(place)?.admin, "main", &hosts, settings).await
    }

    /// The https listeners of all nodes.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.nodes.iter().map(|node| node.https.clone()).collect()
    }

    /// A second realm under another host name.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn other_realm(&self, place: usize) -> Result<Realm> {
        Realm::create(&self.node(place)?.admin, "other", &self.hosts(OTHER_HOST), json!({})).await
    }

    fn hosts(&self, name: &str) -> Vec<String> {
        let ports = self.nodes.iter().map(|node| format!("{name}:{}", node.https_address.port()));
        let mut seen = BTreeSet::new();
        std::iter::once(name.to_owned()).chain(ports).filter(|host| seen.insert(host.clone())).collect()
    }

    /// A client, made through the node at that place.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn client(&self, place: usize, realm: &Realm, id: &str) -> Result<Client> {
        let client = realm.client(&self.node(place)?.admin, id).await?;
        self.secret(&client.secret);
        Ok(client)
    }

    /// Waits until the running nodes have applied the same entries, and checks that they then read the same in every
    /// table that can be asked for.
    ///
    /// # Errors
    /// When they don't.
    pub async fn agree(&mut self) -> Result<()> {
        let running = self.running();
        let nodes: Vec<&Node> = self.nodes.iter().filter(|node| running.contains(&node.place)).collect();
        // What nodes write by themselves, checkpoints and counted refusals, may come while they are read: then what differs
        // may be that, and all is read again.
        let found = eventually("the nodes stand at one entry while they are read", READS, async || {
            let before = applied(&nodes).await?;
            let mut states = Vec::new();
            for node in &nodes {
                states.push((node.place, state_of(node).await.ok()?));
            }
            match difference(&states) {
                None => Some(Ok(())),
                Some(difference) => (applied(&nodes).await? == before).then_some(Err(difference)),
            }
        });
        found.await?.0.map_err(anyhow::Error::msg)
    }

    /// Ends a test that passed: the nodes that should run do, they agree, and no log holds a panic or a secret.
    ///
    /// # Errors
    /// When that is not so.
    pub async fn finish(mut self) -> Result<()> {
        for place in 0..self.nodes.len() {
            if self.node_mut(place)?.runs()? {
                self.node_mut(place)?.ready().await?;
            }
        }
        self.agree().await?;
        for place in self.running() {
            let metrics = self.node(place)?.admin.get("/metrics").await?.expect(200)?.body;
            let internal = |line: &&str| line.starts_with("woad_http_requests_total") && line.contains("code=\"500\"");
            if let Some(line) = metrics.lines().find(internal) {
                bail!("node {} answered 500: {line}", place + 1);
            }
        }
        self.logs_are_clean()?;
        self.finished = true;
        Ok(())
    }

    /// Checks that no log holds a panic or a secret of this test.
    ///
    /// # Errors
    /// When one does; says which node's, never the secret.
    pub fn logs_are_clean(&self) -> Result<()> {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        for node in &self.nodes {
            let log = node.log();
            ensure!(!log.contains("panicked at"), "node {} panicked", node.place + 1);
            let leaked = secrets.iter().any(|secret| log.contains(secret.as_str()));
            ensure!(!leaked, "the log of node {} holds a secret", node.place + 1);
        }
        Ok(())
    }

    /// Has a failed test show what its nodes complained of, and not what they did.
    pub fn show_complaints_only(&mut self) {
        self.complaints = true;
    }

    /// Every secret of this test so far.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Cluster {
    #[expect(clippy::print_stderr, reason = "a failed test shows what its nodes said")]
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        for node in &self.nodes {
            let log = node.log();
            // Raft's own complaints about a dead peer would fill it.
            let shown = |line: &&str| {
                !(line.contains("\"target\":\"openraft") || self.complaints && line.contains("\"level\":\"INFO\""))
            };
            let lines: Vec<&str> = log.lines().filter(shown).collect();
            eprintln!("---- node {}, last lines of {}", node.place + 1, lines.len());
            for line in lines.iter().skip(lines.len().saturating_sub(LOG_TAIL)) {
                eprintln!("{line}");
            }
        }
    }
}

/// The entry that all of them have applied; `None` while they differ.
async fn applied(nodes: &[&Node]) -> Option<u64> {
    let mut applied = BTreeSet::new();
    for node in nodes {
        applied.insert(node.figure("applied").await.ok()?);
    }
    applied.pop_first().filter(|_| applied.is_empty())
}
