use anyhow::{Result, ensure};

use crate::world::World;

/// Clients that are disabled, one after another, each through another node.
const CLIENTS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_disable_has_answered_no_replica_issues_or_calls_a_token_active() -> Result<()> {
    let world = World::new().await?;
    for number in 0..CLIENTS {
        let at = number % 3;
        let client = world.cluster.client(at, &world.realm, &format!("doomed-{number}")).await?;
        let token = world.node((at + 1) % 3).https.token(&client).await?;
        let path = format!("{}/disable", world.realm.client_path(&client.id));
        world.node(at).admin.order(&path).await?.expect(200)?;

        let [one, two, three] = [0, 1, 2].map(|place| world.node(place));
        let (one, two, three) = tokio::join!(
            one.https.ask_token(&client, "storage.read:/"),
            two.https.ask_token(&client, "storage.read:/"),
            three.https.ask_token(&client, "storage.read:/"),
        );
        for (place, answer) in [one?, two?, three?].into_iter().enumerate() {
            let (status, error) = (answer.status, answer.error());
            ensure!(status == 401 && error == "invalid_client", "node {}: {status} {}", place + 1, answer.body);
        }
        for place in 0..3 {
            let answer = world.node(place).https.introspect(&world.client, &token).await?;
            ensure!(answer.active() == Some(false), "node {}: {}", place + 1, answer.body);
        }
        let enable = format!("{}/enable", world.realm.client_path(&client.id));
        world.node((at + 2) % 3).admin.order(&enable).await?.expect(200)?;
        let again = world.node((at + 1) % 3).https.token(&client).await?;
        let answer = world.node(at).https.introspect(&world.client, &again).await?;
        ensure!(answer.active() == Some(true), "a token issued after enable: {}", answer.body);
        let answer = world.node(at).https.introspect(&world.client, &token).await?;
        ensure!(answer.active() == Some(false), "a token from before disable came back: {}", answer.body);
    }
    world.cluster.finish().await
}
