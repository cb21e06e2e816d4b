use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use woad_tests::Tokens;

use crate::world::{SCOPE, World};

/// Suspensions in all.
const ROUNDS: usize = 1_000;
/// People that are suspended beside each other.
const PEOPLE: usize = 4;

async fn suspended_again_and_again(world: Arc<World>, number: usize, left: Arc<AtomicUsize>) -> Result<()> {
    let person = world.person(number, &format!("person-{number}")).await?;
    let mut browser = world.browser();
    let mut before: Option<Tokens> = None;
    while let Ok(round) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        let application = if round % 2 == 0 { &world.confidential } else { &world.public };
        let tokens = application.sign_in(&mut browser, world.https(round), &person, SCOPE).await?;
        if round % 50 == 0 {
            world.alive(round + 1, &person, &tokens).await?;
        }
        world.scim_at(round).set_active(&person, false).await?;
        world.dead_everywhere(application, &tokens).await.with_context(|| format!("round {round}"))?;
        if let Some(before) = &before {
            let seen = world.introspected(round, &before.access).await?;
            ensure!(seen["active"] == false, "a token of before an earlier restoration came back: {seen}");
        }
        world.scim_at(round + 1).set_active(&person, true).await?;
        before = Some(tokens);
    }
    let last = before.context("no round")?;
    // Restored or not, what a suspension ended stays ended.
    world.dead_everywhere(&world.confidential, &last).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_suspensions_are_final_at_every_node_when_they_have_answered() -> Result<()> {
    let world = Arc::new(World::new().await?);
    let left = Arc::new(AtomicUsize::new(ROUNDS));
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        people.spawn(suspended_again_and_again(Arc::clone(&world), number, Arc::clone(&left)));
    }
    while let Some(person) = people.join_next().await {
        person??;
    }
    ensure!(left.load(Ordering::Relaxed) == 0, "rounds are left");
    Arc::into_inner(world).context("somebody still uses the world")?.cluster.finish().await
}
