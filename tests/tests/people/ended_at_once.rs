use anyhow::{Result, ensure};
use serde_json::json;
use woad_tests::{PASSWORD, Page, Person, Tokens};

use crate::world::{SCOPE, World};

const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_ends_what_the_old_one_gave() -> Result<()> {
    let world = World::new().await?;
    let mut person = world.person(0, "alice").await?;
    for round in 0..ROUNDS {
        let mut browser = world.browser();
        let application = if round % 2 == 0 { &world.confidential } else { &world.public };
        let tokens = application.sign_in(&mut browser, world.https(round), &person, SCOPE).await?;
        let password = format!("{PASSWORD} {round}");
        world.cluster.secret(&password);
        world.scim_at(round).set_password(&person, &password).await?;
        world.dead_everywhere(application, &tokens).await?;
        // The session is over too, and the old password is one no more.
        let page = browser.open(&application.authorize(SCOPE, &[("prompt", "none")])).await?;
        ensure!(page.parameter("error") == "login_required", "the session goes on: {page:?}");
        let page = browser.open(&application.authorize(SCOPE, &[])).await?;
        let page = browser.log_in(page, &person.user_name, &person.password).await?;
        ensure!(page.asks_for("password"), "the old password signs in: {page:?}");
        person.password = password;
    }
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_left_is_gone_from_introspection_userinfo_and_refreshed_tokens() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(0, "alice").await?;
    let (stays, leaves) = (world.scim_at(1).group("atlas").await?, world.scim_at(2).group("cms").await?);
    world.scim_at(0).set_member(&stays, &person, true).await?;
    let application = &world.confidential;
    for round in 0..ROUNDS {
        world.scim_at(round).set_member(&leaves, &person, true).await?;
        let scope = "openid profile offline_access wlcg.groups";
        let tokens = application.sign_in(&mut world.browser(), world.https(round), &person, scope).await?;
        groups_are(&world, &tokens, &["atlas", "cms"]).await?;
        world.scim_at(round + 1).set_member(&leaves, &person, false).await?;
        groups_are(&world, &tokens, &["atlas"]).await?;
        let tokens = Tokens::of(application.refresh(world.https(round + 2), &tokens.refresh).await?)?;
        groups_are(&world, &tokens, &["atlas"]).await?;
    }
    world.cluster.finish().await
}

async fn groups_are(world: &World, tokens: &Tokens, names: &[&str]) -> Result<()> {
    for place in 0..3 {
        let seen = world.introspected(place, &tokens.access).await?;
        ensure!(seen["groups"] == json!(names), "introspection at node {}: {seen}", place + 1);
        let userinfo = world.https(place).get_as("/userinfo", &tokens.access).await?.expect(200)?.json()?;
        ensure!(userinfo["groups"] == json!(names), "userinfo at node {}: {userinfo}", place + 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_persons_tokens_session_and_password_end() -> Result<()> {
    let world = World::new().await?;
    for round in 0..ROUNDS {
        let name = format!("person-{round}");
        let person = world.person(round, &name).await?;
        let mut browser = world.browser();
        let application = if round % 2 == 0 { &world.confidential } else { &world.public };
        let tokens = application.sign_in(&mut browser, world.https(round), &person, SCOPE).await?;
        world.scim_at(round + 1).delete(&person).await?;
        world.dead_everywhere(application, &tokens).await?;
        let page = browser.open(&application.authorize(SCOPE, &[])).await?;
        ensure!(page.asks_for("password"), "the session goes on: {page:?}");
        let page: Page = browser.log_in(page, &person.user_name, &person.password).await?;
        ensure!(page.asks_for("password"), "the password goes on: {page:?}");
        for place in 0..3 {
            let path = format!("/scim/v2/Users/{}", person.id);
            let answer = world.https(place).get_as(&path, world.scim_at(0).token()).await?;
            ensure!(answer.status == 404, "node {}: {} {}", place + 1, answer.status, answer.body);
        }
        // The name is free, and whoever has it next is somebody else.
        let next: Person = world.scim_at(round + 2).person(&name).await?;
        ensure!(next.id != person.id, "an id was given twice");
        world.dead_everywhere(application, &tokens).await?;
    }
    world.cluster.finish().await
}
