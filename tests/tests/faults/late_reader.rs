use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::world::World;

const ROUNDS: usize = 300;
/// They keep a `ReadIndex` under way at every moment, which a late reader must not share.
const BACKGROUND: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_comes_after_a_revocation_never_shares_an_earlier_read_index() -> Result<()> {
    let world = World::new().await?;
    let (stop, asked) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    let steady = world.node(0).https.token(&world.client).await?;
    let mut background = JoinSet::new();
    for number in 0..BACKGROUND {
        let (https, client) = (world.node(number % 3).https.clone(), world.client.clone());
        let (token, stop, asked) = (steady.clone(), stop.clone(), Arc::clone(&asked));
        background.spawn(async move {
            while !stop.is_cancelled() {
                if https.introspect(&client, &token).await.is_ok_and(|answer| answer.active() == Some(true)) {
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    for round in 0..ROUNDS {
        let (at, next, last) = (round % 3, (round + 1) % 3, (round + 2) % 3);
        let token = world.node(last).https.token(&world.client).await?;
        world.node(at).https.revoke(&world.client, &token).await?.expect(200)?;
        let (one, two) = tokio::join!(
            world.node(next).https.introspect(&world.client, &token),
            world.node(last).https.introspect(&world.client, &token),
        );
        for (node, answer) in [(next, one?), (last, two?)] {
            ensure!(answer.active() == Some(false), "round {round}, node {}: {}", node + 1, answer.body);
        }
    }
    stop.cancel();
    while background.join_next().await.is_some() {}
    println!("{ROUNDS} rounds beside {} introspections", asked.load(Ordering::Relaxed));
    world.cluster.finish().await
}
