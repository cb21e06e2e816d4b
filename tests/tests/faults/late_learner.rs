use anyhow::{Result, ensure};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_that_joins_after_compaction_reads_the_same_in_every_table() -> Result<()> {
    let mut world = World::with_small_snapshots(1).await?;
    let acknowledged = world.write_beyond(&[0, 1, 2], world.node(0).figure("last_log").await?).await?;
    world.cluster.join(3).await?;
    world.cluster.agree().await?;
    world.all_there(&acknowledged).await?;
    let token = world.node(3).https.token(&world.client).await?;
    let answer = world.node(0).https.introspect(&world.client, &token).await?;
    ensure!(answer.active() == Some(true), "a token of the new node: {}", answer.body);
    world.cluster.finish().await
}
