use anyhow::Result;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_of_a_follower_loses_no_acknowledged_write() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let follower = (leader + 1) % 3;
    let writers = world.writers().await?;

    world.cluster.nodes[follower].kill().await?;
    let pause = world.more(&writers).await?;
    world.cluster.nodes[follower].start(None)?;
    let back = world.cluster.nodes[follower].ready().await?;
    world.more(&writers).await?;

    let acknowledged = writers.stop().await;
    println!("20 writes in {pause:?} after the kill; back and ready after {back:?}");
    world.all_there(&acknowledged).await?;
    world.cluster.finish().await
}
