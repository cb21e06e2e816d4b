use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use woad_tests::{Client, Endpoint, eventually};

use crate::world::World;

/// Longer than an election (400 to 800 ms) and the longest lease.
const PAUSE: Duration = Duration::from_secs(3);
const TOKENS: usize = 40;
/// Readers at the woken node, each asking about all tokens over and over.
const READERS: usize = 8;
const HAMMERED: Duration = Duration::from_secs(2);

/// Asks about every token until told to end; each was revoked, elsewhere, before.
async fn hammer(https: Endpoint, client: Client, tokens: Vec<String>, until: Instant) -> Result<(usize, usize)> {
    let (mut inactive, mut refused) = (0, 0);
    while Instant::now() < until {
        for token in &tokens {
            match https.introspect(&client, token).await {
                Ok(answer) => match answer.active() {
                    Some(true) => anyhow::bail!("the woken node calls a revoked token active"),
                    Some(false) => inactive += 1,
                    None => refused += 1,
                },
                Err(_) => refused += 1,
            }
        }
    }
    Ok((inactive, refused))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leader_stopped_for_longer_than_an_election_serves_nothing_stale_when_woken() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let survivor = (leader + 1) % 3;
    let mut tokens = Vec::new();
    for _ in 0..TOKENS {
        tokens.push(world.node(leader).https.token(&world.client).await?);
    }
    // Connections that are open when the process stops: their requests are read the moment it wakes.
    let woken = world.node(leader).https.clone();
    ensure!(woken.introspect(&world.client, &tokens[0]).await?.active() == Some(true), "the token is good at first");

    let stopped = Instant::now();
    world.node(leader).pause()?;
    let others: Vec<usize> = world.others(leader).map(|node| node.place).collect();
    let after = {
        let (node, client) = (world.node(survivor), &world.client);
        let look = async || node.https.revoke(client, &tokens[0]).await.ok().filter(|answer| answer.status == 200);
        eventually("a revocation is acknowledged without the leader", Duration::from_secs(10), look).await?.1
    };
    for (at, token) in tokens.iter().enumerate().skip(1) {
        let node = world.node(others[at % 2]);
        node.https.revoke(&world.client, token).await?.expect(200)?;
    }
    tokio::time::sleep(PAUSE.saturating_sub(stopped.elapsed())).await;

    let mut readers = JoinSet::new();
    let until = Instant::now() + HAMMERED;
    for _ in 0..READERS {
        readers.spawn(hammer(woken.clone(), world.client.clone(), tokens.clone(), until));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.node(leader).wake()?;
    let (mut inactive, mut refused) = (0, 0);
    while let Some(counts) = readers.join_next().await {
        let counts = counts??;
        inactive += counts.0;
        refused += counts.1;
    }
    println!("first revocation {after:?} after the stop; at the woken node {inactive} inactive, {refused} refused");
    ensure!(inactive > 0, "the woken node never answered");
    world.cluster.nodes[leader].ready().await?;
    world.cluster.finish().await
}
