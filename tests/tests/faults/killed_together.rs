use std::time::Duration;

use anyhow::Result;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_of_all_under_load_loses_no_acknowledged_write() -> Result<()> {
    let mut world = World::new().await?;
    let writers = world.writers().await?;
    for node in &world.cluster.nodes {
        node.kill_now()?;
    }
    for node in &mut world.cluster.nodes {
        node.exited().await?;
    }
    for node in &mut world.cluster.nodes {
        node.start(None)?;
    }
    let mut slowest = Duration::ZERO;
    for node in &mut world.cluster.nodes {
        slowest = slowest.max(node.ready().await?);
    }
    world.more(&writers).await?;
    let acknowledged = writers.stop().await;
    println!("all ready again {slowest:?} after their start");
    world.all_there(&acknowledged).await?;
    world.cluster.finish().await
}
