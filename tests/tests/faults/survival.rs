//! Reading back what was promised.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use woad_tests::{Acknowledged, Writers, eventually};

use crate::world::World;

/// Requests at once while reading back: an operations listener takes 64 connections.
const AT_ONCE: usize = 16;
/// Writers at each node.
pub(crate) const WRITERS: usize = 2;
/// Writes that must have been acknowledged before a fault means anything.
const UNDER_WAY: usize = 20;
/// The budget is 2 s; a busy machine gets more.
const RESUME: Duration = Duration::from_secs(10);

impl World {
    /// Load at every node that is under way.
    pub(crate) async fn writers(&self) -> Result<Writers> {
        let writers = Writers::start(&self.cluster.nodes, &self.realm, &self.client, WRITERS);
        self.more(&writers).await?;
        Ok(writers)
    }

    /// Waits for some more acknowledged writes; tells how long that took.
    pub(crate) async fn more(&self, writers: &Writers) -> Result<Duration> {
        let goal = writers.count() + UNDER_WAY;
        let look = async || (writers.count() >= goal).then_some(());
        Ok(eventually("writes are acknowledged", RESUME, look).await?.1)
    }

    /// Reads every acknowledged write at every node.
    pub(crate) async fn all_there(&self, acknowledged: &Acknowledged) -> Result<()> {
        ensure!(!acknowledged.clients.is_empty() && !acknowledged.revoked.is_empty(), "nothing was promised");
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut reads: JoinSet<Result<()>> = JoinSet::new();
        for node in &self.cluster.nodes {
            let name = node.place + 1;
            for id in &acknowledged.clients {
                let (admin, id, path) = (node.admin.clone(), id.clone(), self.realm.client_path(id));
                let turns = Arc::clone(&turns);
                reads.spawn(async move {
                    let _turn = turns.acquire().await?;
                    let status = admin.get(&path).await?.status;
                    ensure!(status == 200, "node {name}: client {id} was acknowledged and reads {status}");
                    Ok(())
                });
            }
            for token in &acknowledged.revoked {
                let (https, client, token) = (node.https.clone(), self.client.clone(), token.clone());
                let turns = Arc::clone(&turns);
                reads.spawn(async move {
                    let _turn = turns.acquire().await?;
                    let answer = https.introspect(&client, &token).await?;
                    ensure!(answer.active() == Some(false), "node {name}: a revoked token: {}", answer.body);
                    Ok(())
                });
            }
        }
        while let Some(read) = reads.join_next().await {
            read??;
        }
        let (clients, revoked) = (acknowledged.clients.len(), acknowledged.revoked.len());
        println!("read back at {} nodes: {clients} clients, {revoked} revocations", self.cluster.nodes.len());
        Ok(())
    }
}
