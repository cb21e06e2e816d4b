//! Wrong credentials by the hundred, and a neighbour behind the same address whose are right.

use anyhow::{Result, ensure};
use woad_tests::{Client, Endpoint};

use crate::world::World;

async fn introspects(at: &Endpoint, client: &Client) -> Result<(u16, u64)> {
    let answer = at.introspect(client, "no token").await?;
    Ok((answer.status, answer.header("retry-after").parse().unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_limited_by_address_and_right_credentials_are_not() -> Result<()> {
    let mut world = World::new().await?;
    world.limit("failures = 20\nfailures_per_minute = 6").await?;
    let at = world.target().https.clone();
    let other = world.cluster.client(0, &world.realm, "other").await?;
    ensure!(introspects(&at, &world.client).await?.0 == 200);
    let token = at.token(&world.client).await?;

    let (mut wrong, mut limited) = (0, 0);
    for number in 0..100 {
        let guess = Client { secret: format!("guess {number}"), ..world.client.clone() };
        match introspects(&at, &guess).await? {
            (401, _) => wrong += 1,
            (429, after) => {
                ensure!((1..=10).contains(&after), "Retry-After: {after}");
                limited += 1;
            }
            (status, _) => anyhow::bail!("{status}"),
        }
    }
    println!("{wrong} guesses were looked at, {limited} were not");
    ensure!((20..40).contains(&wrong), "{wrong}");
    let throttled = world.counted("woad_authentications_throttled_total", &[]).await?;
    ensure!(throttled >= 60.0, "{throttled}");
    let answer = at.get_as("/userinfo", "not.a.token").await?;
    ensure!(answer.status == 429 && !answer.header("retry-after").is_empty(), "{}", answer.status);
    let answer = at.ask_token(&other, "storage.read:/").await?;
    ensure!(answer.status == 429, "a credential that was never right here: {}", answer.status);

    // The neighbour, hundreds of times.
    for _ in 0..300 {
        ensure!(introspects(&at, &world.client).await?.0 == 200);
    }
    ensure!(at.introspect(&world.client, &token).await?.active() == Some(true));
    // Other nodes count for themselves.
    for node in world.cluster.nodes.iter().take(2) {
        node.https.token(&other).await?;
    }
    // Without credentials nothing is guessed.
    ensure!(at.get("/userinfo").await?.status == 401);
    world.cluster.finish().await
}
