use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use woad_tests::{Answer, Realm, Setup, eventually};

use crate::world::World;

/// Short, so that its end is seen; longer than an election, as it must be.
const GRACE_MS: u64 = 3_000;
/// A second is promised; a busy machine gets more.
const REFUSED_WITHIN: Duration = Duration::from_millis(2_500);

/// A 503 that says when to come back, and came soon.
fn unavailable(what: &str, answer: &Answer, took: Duration) -> Result<()> {
    ensure!(answer.status == 503, "{what}: {} {}", answer.status, answer.body);
    ensure!(answer.header("retry-after").parse::<u64>().is_ok(), "{what}: no Retry-After");
    ensure!(took < REFUSED_WITHIN, "{what} was refused after {took:?}");
    println!("{what}: 503 after {took:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_what_needs_one_is_refused_and_the_rest_goes_on() -> Result<()> {
    let mut world = World::with(Setup::default(), json!({"grace_ms": GRACE_MS})).await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let left = (leader + 1) % 3;
    let token = world.node(left).https.token(&world.client).await?;
    let lost = Instant::now();
    for place in (0..3).filter(|place| *place != left) {
        world.cluster.nodes[place].kill().await?;
    }

    let survivor = world.node(left);
    let mut issued = 0;
    while lost.elapsed() < Duration::from_millis(GRACE_MS * 2 / 3) {
        survivor.https.ask_token(&world.client, "storage.read:/").await?.expect(200)?;
        issued += 1;
    }
    println!("{issued} tokens within the grace");
    let start = Instant::now();
    let answer = survivor.https.introspect(&world.client, &token).await?;
    unavailable("introspection", &answer, start.elapsed())?;
    let start = Instant::now();
    let answer = survivor.admin.get("/v1/realms").await?;
    unavailable("a management read", &answer, start.elapsed())?;
    let refused = async || {
        let answer = survivor.https.ask_token(&world.client, "storage.read:/").await.ok()?;
        (answer.status != 200).then_some(answer)
    };
    let (answer, _) = eventually("tokens end with the grace", Duration::from_secs(15), refused).await?;
    ensure!(answer.status == 503 && answer.error() == "temporarily_unavailable", "{} {}", answer.status, answer.body);
    ensure!(lost.elapsed() >= Duration::from_millis(GRACE_MS * 9 / 10), "the grace ended after {:?}", lost.elapsed());
    let start = Instant::now();
    let answer = survivor.https.ask_token(&world.client, "storage.read:/").await?;
    unavailable("a token after the grace", &answer, start.elapsed())?;
    for path in ["/jwk", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/livez"] {
        survivor.https.get(path).await?.expect(200)?;
    }
    survivor.https.get("/readyz").await?.expect(503)?;
    let path = format!("/v1/realms/{}/clients", world.realm.id);
    let start = Instant::now();
    let answer = survivor.admin.post(&path, &Realm::client_body("never")).await?;
    ensure!(answer.status == 503, "a write: {} {}", answer.status, answer.body);
    println!("a write: 503 after {:?}", start.elapsed());

    world.cluster.nodes[left].kill().await?;
    for node in &mut world.cluster.nodes {
        node.start(None)?;
    }
    for node in &mut world.cluster.nodes {
        node.ready().await?;
    }
    for node in &world.cluster.nodes {
        let answer = node.https.introspect(&world.client, &token).await?;
        ensure!(answer.active() == Some(true), "node {}: {}", node.place + 1, answer.body);
    }
    world.cluster.finish().await
}
