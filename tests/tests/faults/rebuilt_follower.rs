use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use woad_tests::{Setup, Writers, eventually};

use crate::world::World;

/// A snapshot after this much log, so that one minute of writes is more than a log holds.
pub(crate) const SNAPSHOT_BYTES: u64 = 64 * 1024;
const LIMIT: Duration = Duration::from_secs(45);

impl World {
    pub(crate) async fn with_small_snapshots(spare: usize) -> Result<Self> {
        Self::with(Setup { nodes: 3, spare, snapshot_bytes: Some(SNAPSHOT_BYTES) }, json!({})).await
    }

    /// Writes at some nodes until every one of them has purged its log beyond an index.
    pub(crate) async fn write_beyond(&self, places: &[usize], index: u64) -> Result<woad_tests::Acknowledged> {
        let nodes = self.cluster.nodes.iter().filter(|node| places.contains(&node.place));
        let writers = Writers::start(nodes.clone(), &self.realm, &self.client, 3);
        let purged = async || {
            for node in nodes.clone() {
                node.figure("purged").await.ok().filter(|purged| *purged > index)?;
            }
            Some(())
        };
        let ((), took) = eventually("the logs are purged", LIMIT, purged).await?;
        let acknowledged = writers.stop().await;
        println!("{} writes, logs purged beyond {index} after {took:?}", acknowledged.at.len());
        Ok(acknowledged)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_rebuilt_by_snapshot_reads_the_same_in_every_table() -> Result<()> {
    let mut world = World::with_small_snapshots(0).await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let follower = (leader + 1) % 3;
    let others: Vec<usize> = world.others(follower).map(|node| node.place).collect();
    let last = world.node(follower).figure("last_log").await?;
    let (status, took) = world.cluster.nodes[follower].terminate().await?;
    ensure!(status.success() && took < Duration::from_secs(3), "{status} after {took:?}");

    let acknowledged = world.write_beyond(&others, last).await?;
    world.cluster.nodes[follower].start(None)?;
    let ready = world.cluster.nodes[follower].ready().await?;
    world.cluster.agree().await?;
    let metrics = world.node(follower).admin.get("/metrics").await?.expect(200)?.body;
    let installs = metrics.lines().find(|line| line.starts_with("woad_snapshot_installs"));
    ensure!(installs.is_some_and(|line| !line.ends_with(" 0")), "it caught up without a snapshot: {installs:?}");
    println!("ready {ready:?} after its start");
    world.all_there(&acknowledged).await?;
    world.cluster.finish().await
}
