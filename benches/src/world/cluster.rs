//! Three nodes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::load::Call;

use super::{Client, Node, NodeOptions, Realm};

/// A cluster that takes longer to form has failed.
const FORM_WITHIN: Duration = Duration::from_secs(60);

/// The nodes, by the order of their start, and who leads.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) realm: Realm,
    /// Gets tokens for itself.
    pub(crate) client: Client,
    leader: usize,
}

/// How many members vote, as a node sees it.
pub(crate) fn voters(status: &Value) -> usize {
    let members = status.get("members").and_then(Value::as_array);
    members.map_or(0, |members| members.iter().filter(|member| member.get("voter") == Some(&json!(true))).count())
}

/// A node's own view: its id, the leader's, and how many vote.
fn seen(status: &Value) -> Option<(u64, u64, usize)> {
    Some((status.get("node")?.as_u64()?, status.get("leader")?.as_u64()?, voters(status)))
}

impl Cluster {
    /// Forms a cluster of three with an ES256 realm.
    pub(crate) async fn form(folder: &Path) -> anyhow::Result<Self> {
        let options = NodeOptions::default();
        let mut first = Node::start(&folder.join("1"), &options, None)?;
        first.operate("POST", "/v1/cluster/init", None).await.context("init")?;
        first.ready().await?;
        let mut nodes = vec![first];
        for name in ["2", "3"] {
            let made = nodes.first_mut().context("no node")?;
            let made = made.operate("POST", "/v1/cluster/join-tokens", Some(&json!({}))).await.context("join token")?;
            let token = made.get("token").and_then(Value::as_str).context("no token")?;
            let mut node = Node::start(&folder.join(name), &options, Some(token))?;
            node.ready().await?;
            nodes.push(node);
        }
        let leader = agree(&mut nodes).await?;
        let node = nodes.first_mut().context("no node")?;
        let realm = Realm::make(node, "ES256").await?;
        let client = realm.machine(node).await?;
        Ok(Self { nodes, realm, client, leader })
    }

    /// Stops all, then starts all.
    pub(crate) async fn restart(&mut self, options: &NodeOptions) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.stop().await?;
        }
        for node in &mut self.nodes {
            node.start_again(options)?;
        }
        self.settle().await
    }

    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.stop().await?;
        }
        Ok(())
    }

    pub(crate) fn leader(&self) -> anyhow::Result<&Node> {
        self.nodes.get(self.leader).context("no leader")
    }

    pub(crate) fn followers(&self) -> anyhow::Result<[&Node; 2]> {
        let at = |place: usize| self.nodes.get((self.leader + place) % self.nodes.len()).context("no follower");
        Ok([at(1)?, at(2)?])
    }

    pub(crate) const fn leader_place(&self) -> usize {
        self.leader
    }

    pub(crate) fn leader_mut(&mut self) -> anyhow::Result<&mut Node> {
        self.nodes.get_mut(self.leader).context("no leader")
    }

    pub(crate) fn follower_mut(&mut self) -> anyhow::Result<&mut Node> {
        let at = (self.leader + 1) % self.nodes.len();
        self.nodes.get_mut(at).context("no follower")
    }

    /// What the names of rows say of how clients speak to it.
    pub(crate) fn spoken(&self) -> &'static str {
        if self.nodes.iter().any(|node| node.tls.is_some()) { ", TLS" } else { "" }
    }

    /// How the client asks this node.
    pub(crate) fn call(&self, node: &Node) -> anyhow::Result<Call> {
        Call::to_nodes([node], &self.client)
    }

    /// Waits until all nodes are ready and agree on a leader.
    pub(crate) async fn settle(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.ready().await?;
        }
        self.leader = agree(&mut self.nodes).await?;
        Ok(())
    }

    /// Any node, to operate it.
    pub(crate) fn any(&mut self) -> anyhow::Result<&mut Node> {
        self.nodes.first_mut().context("no node")
    }
}

/// Waits until all vote and all name the same leader; says which node that is.
async fn agree(nodes: &mut [Node]) -> anyhow::Result<usize> {
    let start = Instant::now();
    loop {
        let mut views = Vec::new();
        for node in &mut *nodes {
            views.extend(seen(&node.operate("GET", "/v1/cluster", None).await?));
        }
        let leader = views.first().map(|view| view.1);
        let agreed = views.iter().all(|view| Some(view.1) == leader && view.2 == nodes.len());
        if agreed
            && views.len() == nodes.len()
            && let Some(at) = views.iter().position(|view| Some(view.0) == leader)
        {
            return Ok(at);
        }
        if start.elapsed() > FORM_WITHIN {
            bail!("no agreement on a leader: {views:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
