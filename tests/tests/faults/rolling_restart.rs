use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use woad_tests::{Client, Endpoint};

use crate::world::World;

/// The budget of a stop.
const STOP: Duration = Duration::from_secs(3);
const CALLERS: usize = 6;

/// What a careful caller does: asks one node, and upon any failure another one, once.
async fn caller(
    nodes: Vec<Endpoint>,
    client: Client,
    first: usize,
    stop: CancellationToken,
    retried: Arc<AtomicUsize>,
) -> Result<usize> {
    let mut done = 0;
    while !stop.is_cancelled() {
        let (one, two) = (&nodes[(first + done) % 3], &nodes[(first + done + 1) % 3]);
        let token = match one.token(&client).await {
            Ok(token) => token,
            Err(error) => {
                retried.fetch_add(1, Ordering::Relaxed);
                two.token(&client).await.map_err(|again| anyhow::anyhow!("token: {error:#}; again: {again:#}"))?
            }
        };
        if done % 4 == 0 {
            let revoked = async |at: &Endpoint| at.revoke(&client, &token).await?.expect(200).map(drop);
            if let Err(error) = revoked(one).await {
                retried.fetch_add(1, Ordering::Relaxed);
                revoked(two).await.map_err(|again| anyhow::anyhow!("revoke: {error:#}; again: {again:#}"))?;
            }
        }
        done += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(done)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_under_load_fails_no_request_that_is_sent_again_once() -> Result<()> {
    let mut world = World::new().await?;
    let (stop, retried) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    let nodes: Vec<Endpoint> = world.cluster.nodes.iter().map(|node| node.https.clone()).collect();
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let (nodes, client) = (nodes.clone(), world.client.clone());
        callers.spawn(caller(nodes, client, number, stop.clone(), Arc::clone(&retried)));
    }
    for place in 0..3 {
        let (status, took) = world.cluster.nodes[place].terminate().await?;
        ensure!(status.success(), "node {} ended with {status}", place + 1);
        ensure!(took < STOP, "node {} took {took:?} to stop", place + 1);
        world.cluster.nodes[place].start(None)?;
        let ready = world.cluster.nodes[place].ready().await?;
        println!("node {}: stopped in {took:?}, ready {ready:?} after its start", place + 1);
        world.cluster.leader(&[0, 1, 2]).await?;
    }
    stop.cancel();
    let mut done = 0;
    while let Some(result) = callers.join_next().await {
        done += result??;
    }
    println!("{done} requests, {} of them sent twice", retried.load(Ordering::Relaxed));
    world.cluster.finish().await
}
