//! What a cluster makes of wall clocks that are all wrong, or of having been down.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use woad_tests::{Client, FalseClock, Realm, not_exercised};

use crate::world::World;

/// Longer than the token of such a client lives.
const DOWN: i64 = 2 * 3600;
/// Peer certificates are dated back further than that.
const BACK: i64 = -3000;
/// How long the tokens of a client live that must not wait for them.
const SHORT: Duration = Duration::from_secs(4);

/// All nodes stop, and start behind that clock; says no without libfaketime.
async fn all_behind(world: &mut World, clock: &FalseClock) -> Result<bool> {
    for node in &mut world.cluster.nodes {
        if !node.site.behind_false_clock(clock) {
            return Ok(false);
        }
        node.terminate().await?;
    }
    for node in &mut world.cluster.nodes {
        node.start(None)?;
    }
    for node in &mut world.cluster.nodes {
        node.ready().await?;
    }
    Ok(true)
}

async fn is_active(world: &World, place: usize, client: &Client, token: &str) -> Result<bool> {
    let answer = world.node(place).https.introspect(client, token).await?.expect(200)?;
    answer.active().context("an answer that says whether it is active")
}

/// The last entry tells a time before the outage, and no clock that counts from boot knows better. What the nodes write
/// by themselves after their start may tell it first: that a `ReadIndex` does is held by the unit tests of `LeaderTime`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ended_while_all_nodes_were_down_is_inactive_in_the_first_answer() -> Result<()> {
    let mut world = World::new().await?;
    let token = world.node(0).https.token(&world.client).await?;
    ensure!(is_active(&world, 1, &world.client, &token).await?, "it is good at first");
    if !all_behind(&mut world, &FalseClock::By(DOWN)).await? {
        not_exercised("no libfaketime")?;
        return world.cluster.finish().await;
    }
    for place in 0..3 {
        ensure!(!is_active(&world, place, &world.client, &token).await?, "node {} calls it active", place + 1);
        let fresh = world.node(place).https.token(&world.client).await?;
        ensure!(is_active(&world, (place + 1) % 3, &world.client, &fresh).await?, "a fresh one is good");
    }
    world.cluster.finish().await
}

/// The voters' clocks are behind the last stamp, so cluster time stands still. A node that went on by itself would call
/// a token ended that others call good, and acknowledge its revocation without making it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_cluster_time_stands_still_no_node_runs_ahead_and_a_revocation_is_made() -> Result<()> {
    let mut world = World::new().await?;
    let mut body = Realm::client_body("brief");
    let client = body.get_mut("client").and_then(Value::as_object_mut).context("a client")?;
    client.insert("access_token_validity_seconds".to_owned(), json!(SHORT.as_secs()));
    let brief = world.realm.client_of(&world.node(0).admin, &body).await?;
    if !all_behind(&mut world, &FalseClock::By(BACK)).await? {
        not_exercised("no libfaketime")?;
        return world.cluster.finish().await;
    }
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    for place in 0..3 {
        let token = world.node(place).https.token(&brief).await?;
        // A node's own clock would find it ended.
        tokio::time::sleep(SHORT + Duration::from_secs(2)).await;
        for other in 0..3 {
            ensure!(is_active(&world, other, &brief, &token).await?, "node {} ran ahead", other + 1);
        }
        world.node(place).https.revoke(&brief, &token).await?.expect(200)?;
        for other in 0..3 {
            let active = is_active(&world, other, &brief, &token).await?;
            ensure!(!active, "revoked at node {}, active at {} ({} leads)", place + 1, other + 1, leader + 1);
        }
    }
    world.cluster.secret(&brief.secret);
    world.cluster.finish().await
}
