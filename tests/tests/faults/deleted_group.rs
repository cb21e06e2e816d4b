use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use serde_json::{Value, json};
use woad_tests::{Scim, eventually};

use crate::world::World;

/// More than two steps of the job remove.
const MEMBERS: usize = 240;
/// As many as one request may add.
const AT_ONCE: usize = 80;
const LIMIT: Duration = Duration::from_secs(60);

/// The steps that a node's job has taken.
async fn steps(world: &World, place: usize) -> Option<u64> {
    let metrics = world.node(place).admin.get("/metrics").await.ok()?.body;
    let line = r#"woad_job_steps_total{job="group_deletion",outcome="done"} "#;
    metrics.lines().find_map(|found| found.strip_prefix(line)?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_leader_ends_the_deletion_of_a_group_that_a_killed_one_began() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let at = (leader + 1) % 3;
    let client = Scim::client(&world.node(at).admin, &world.realm).await?;
    let scim = Scim::connect(&world.node(at).https, &client).await?;
    let group = scim.group("physics").await?;
    let mut people = Vec::new();
    for number in 0..MEMBERS {
        // Without a password: hashing so many would be most of the test.
        let mut body = Scim::person_body(&format!("person{number}"));
        body.as_object_mut().context("body")?.remove("password");
        let made = scim.send(Method::POST, "/Users", Some(&body)).await?.expect(201)?.json()?;
        people.push(made.get("id").and_then(Value::as_str).context("no id")?.to_owned());
    }
    for some in people.chunks(AT_ONCE) {
        let members: Vec<Value> = some.iter().map(|id| json!({ "value": id })).collect();
        scim.patch(&format!("/Groups/{group}"), json!({"op": "add", "path": "members", "value": members})).await?;
    }

    scim.send(Method::DELETE, &format!("/Groups/{group}"), None).await?.expect(204)?;
    world.cluster.nodes[leader].kill().await?;
    let survivors: Vec<usize> = (0..3).filter(|place| *place != leader).collect();
    let next = world.cluster.leader(&survivors).await?;

    // Gone is gone, whatever is left of its rows.
    for place in survivors {
        let scim = scim.at(&world.node(place).https);
        ensure!(scim.send(Method::GET, &format!("/Groups/{group}"), None).await?.status == 404, "it is back");
        let one = scim.send(Method::GET, &format!("/Users/{}", people[0]), None).await?.expect(200)?.json()?;
        ensure!(one.get("groups").and_then(Value::as_array).is_none_or(Vec::is_empty), "a member of nothing: {one}");
    }
    scim.group("physics").await.context("its name is free")?;
    let ended = async || steps(&world, next).await.filter(|steps| *steps > 0);
    let (steps, took) = eventually("the next leader takes the steps that are left", LIMIT, ended).await?;
    println!("{steps} steps at the next leader, the first within {took:?}");

    world.cluster.nodes[leader].start(None)?;
    world.cluster.finish().await
}
