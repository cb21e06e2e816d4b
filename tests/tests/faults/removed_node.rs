use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::Value;
use woad_tests::peer::{self, Called, Identity};
use woad_tests::{Realm, eventually};

use crate::world::World;

const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_node_can_neither_talk_to_the_others_nor_serve() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let (gone, asked) = ((leader + 1) % 3, (leader + 2) % 3);
    let id = world.node(gone).figure("node").await?;
    let cluster = world.node(gone).status().await?;
    let cluster = cluster.get("cluster_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let token = world.node(gone).https.token(&world.client).await?;
    let hello = peer::hello(&cluster, u8::try_from(id)?);
    let identity = Identity::of_member(&world.node(gone).data())?;
    let before = peer::call(world.node(asked).peer_address, Some(&identity), "Hello", &hello).await?;
    ensure!(before == Called::Status(0), "a member is heard: {before:?}");

    let path = format!("/v1/cluster/members/{id}");
    let removed = world.node(asked).admin.send("DELETE", &path, "", Bytes::new()).await?.expect(200)?.json()?;
    for secret in ["/recovery_bundle/cluster_key", "/recovery_bundle/ca_private_key"] {
        world.cluster.secret(removed.pointer(secret).and_then(Value::as_str).unwrap_or_default());
    }

    for place in [leader, asked] {
        let call = async || {
            let called = peer::call(world.node(place).peer_address, Some(&identity), "Hello", &hello).await.ok()?;
            matches!(called, Called::Status(peer::PERMISSION_DENIED) | Called::CutOff).then_some(())
        };
        eventually("its calls are refused", LIMIT, call).await?;
        let status = world.node(place).status().await?;
        let members = status.get("members").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(members == 2, "{members} members at node {}", place + 1);
    }
    let unready = async || world.node(gone).admin.get("/readyz").await.ok().filter(|answer| answer.status == 503);
    eventually("the removed node is unready", LIMIT, unready).await?;

    let path = format!("/v1/realms/{}/clients", world.realm.id);
    let written = world.node(gone).admin.post(&path, &Realm::client_body("ghost")).await?;
    ensure!(written.status == 503, "a write at the removed node: {} {}", written.status, written.body);
    let read = world.node(gone).https.introspect(&world.client, &token).await?;
    ensure!(read.active().is_none(), "the removed node introspects: {}", read.body);
    for place in [leader, asked] {
        let seen = world.node(place).admin.get(&world.realm.client_path("ghost")).await?;
        ensure!(seen.status == 404, "node {} sees its write: {}", place + 1, seen.body);
        let token = world.node(place).https.token(&world.client).await?;
        world.node(place).https.revoke(&world.client, &token).await?.expect(200)?;
    }
    world.cluster.nodes[gone].terminate().await?;
    world.cluster.finish().await
}
