use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use woad_tests::{Answer, Application, Tokens, eventually};

use crate::world::{SCOPE, World};

/// Presentations at once.
const TIMES: usize = 50;
/// The grace in which a confidential client may repeat a refresh is 10 s.
const GRACE_OVER: Duration = Duration::from_secs(20);

/// The answers that gave tokens; every other one must be `invalid_grant`.
fn winners(answers: Vec<Answer>) -> Result<Vec<Tokens>> {
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in lost {
        let refused = answer.status == 400 && answer.error() == "invalid_grant";
        ensure!(refused, "neither tokens nor invalid_grant: {} {}", answer.status, answer.body);
    }
    won.into_iter().map(Tokens::of).collect()
}

async fn refresh_at_once(world: &World, application: &Application, token: &str) -> Result<Vec<Tokens>> {
    let answers = world.at_once(TIMES, |at| {
        let (application, token) = (application.clone(), token.to_owned());
        async move { application.refresh(&at, &token).await }
    });
    winners(answers.await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_presented_50_times_at_three_nodes_is_redeemed_once_and_its_tokens_die() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(1, "alice").await?;
    for application in [&world.confidential, &world.public] {
        let code = application.code(&mut world.browser(), &person, SCOPE).await?;
        let answers = world.at_once(TIMES, |at| {
            let (application, code) = (application.clone(), code.clone());
            async move { application.redeem(&at, &code).await }
        });
        let won = winners(answers.await?)?;
        ensure!(won.len() == 1, "{} of {TIMES} redeemed the code", won.len());
        world.dead_everywhere(application, &won[0]).await?;
    }
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_used_again_much_later_ends_what_it_gave() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(1, "alice").await?;
    let application = &world.confidential;
    let code = application.code(&mut world.browser(), &person, SCOPE).await?;
    let first = Tokens::of(application.redeem(world.https(0), &code).await?)?;
    let second = Tokens::of(application.refresh(world.https(1), &first.refresh).await?)?;
    world.alive(2, &person, &second).await?;
    let again = application.redeem(world.https(2), &code).await?;
    ensure!(again.status == 400 && again.error() == "invalid_grant", "{} {}", again.status, again.body);
    world.dead_everywhere(application, &first).await?;
    world.dead_everywhere(application, &second).await?;
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_of_no_use_to_others_and_not_used_up_by_them() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(1, "alice").await?;
    let code = world.confidential.code(&mut world.browser(), &person, SCOPE).await?;
    for place in 0..3 {
        let answer = world.public.redeem(world.https(place), &code).await?;
        ensure!(answer.status == 400 && answer.error() == "invalid_grant", "{} {}", answer.status, answer.body);
    }
    let tokens = Tokens::of(world.confidential.redeem(world.https(1), &code).await?)?;
    world.alive(2, &person, &tokens).await?;
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_clients_refresh_token_presented_50_times_gives_once_and_ends_its_family() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(1, "alice").await?;
    let application = &world.public;
    let tokens = application.sign_in(&mut world.browser(), world.https(2), &person, SCOPE).await?;
    let won = refresh_at_once(&world, application, &tokens.refresh).await?;
    ensure!(won.len() == 1, "{} of {TIMES} were given tokens", won.len());
    ensure!(won[0].refresh != tokens.refresh, "the refresh token was not rotated");
    world.dead_everywhere(application, &won[0]).await?;
    world.dead_everywhere(application, &tokens).await?;
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confidential_clients_refresh_token_gives_one_successor_in_its_grace_and_none_after() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(1, "alice").await?;
    let application = &world.confidential;
    let tokens = application.sign_in(&mut world.browser(), world.https(2), &person, SCOPE).await?;
    let won = refresh_at_once(&world, application, &tokens.refresh).await?;
    ensure!(won.len() == TIMES, "{} of {TIMES} were given tokens", won.len());
    let successors: BTreeSet<&str> = won.iter().map(|tokens| tokens.refresh.as_str()).collect();
    ensure!(successors.len() == 1 && !successors.contains(tokens.refresh.as_str()), "{} successors", successors.len());
    let last = won.first().context("no tokens")?;
    world.alive(0, &person, last).await?;

    let over =
        async || Some(application.refresh(world.https(1), &tokens.refresh).await.ok()?.status).filter(|it| *it != 200);
    eventually("the grace is over", GRACE_OVER, over).await?;
    world.dead_everywhere(application, last).await?;
    world.cluster.finish().await
}
