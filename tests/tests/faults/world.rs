//! A cluster of three with a realm and a client in it.

use anyhow::Result;
use serde_json::{Value, json};
use woad_tests::{Client, Cluster, Node, Realm, Setup};

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) realm: Realm,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        Self::with(Setup::default(), json!({})).await
    }

    pub(crate) async fn with(setup: Setup, settings: Value) -> Result<Self> {
        let cluster = Cluster::start(setup).await?;
        let realm = cluster.realm(1, settings).await?;
        let client = cluster.client(2, &realm, "stream").await?;
        Ok(Self { cluster, realm, client })
    }

    pub(crate) fn node(&self, place: usize) -> &Node {
        &self.cluster.nodes[place]
    }

    /// The nodes but one.
    pub(crate) fn others(&self, place: usize) -> impl Iterator<Item = &Node> {
        self.cluster.nodes.iter().filter(move |node| node.place != place)
    }
}
