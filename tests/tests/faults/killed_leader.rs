use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use woad_tests::TokenStream;

use crate::world::World;

/// Before it, a write may be acknowledged that the dead leader had already replicated.
const IN_FLIGHT: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_of_the_leader_loses_no_acknowledged_write_and_no_token() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let writers = world.writers().await?;
    let tokens = TokenStream::start(world.others(leader), &world.client, Duration::from_millis(20));
    world.more(&writers).await?;

    let killed = Instant::now();
    world.cluster.nodes[leader].kill().await?;
    world.more(&writers).await?;
    tokio::time::sleep(IN_FLIGHT).await;
    world.more(&writers).await?;
    let resumed = writers.resumed(killed, IN_FLIGHT).context("writes did not resume")?;

    let (issued, failed) = tokens.stop().await;
    let acknowledged = writers.stop().await;
    println!("writes resumed after {resumed:?}; {issued} tokens; {} writes not acknowledged", acknowledged.others);
    ensure!(failed.is_empty(), "token requests failed at survivors: {failed:?}");
    ensure!(resumed < Duration::from_secs(10), "writes resumed after {resumed:?}");

    world.cluster.nodes[leader].start(None)?;
    world.cluster.nodes[leader].ready().await?;
    world.all_there(&acknowledged).await?;
    world.cluster.finish().await
}
