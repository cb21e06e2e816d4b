use anyhow::{Result, ensure};
use woad_tests::{Application, Browser, Kind, Person, Tokens};

use crate::world::World;

const SCOPE: &str = "openid profile offline_access";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_stays_signed_in_when_the_leader_that_signed_them_in_is_killed() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let admin = &world.node(leader).admin;
    let person = Person::create(admin, &world.realm, "alice").await?;
    let application = Application::register(admin, &world.realm, "portal", Kind::Confidential).await?;
    let mut there = Browser::at(&world.node(leader).https, &world.realm.issuer);
    let tokens = application.sign_in(&mut there, &world.node(leader).https, &person, SCOPE).await?;
    let code = application.code(&mut there, &person, SCOPE).await?;

    world.cluster.node_mut(leader)?.kill().await?;
    let others: Vec<_> = world.others(leader).map(|node| node.https.clone()).collect();
    let others_places: Vec<usize> = world.others(leader).map(|node| node.place).collect();
    world.cluster.leader(&others_places).await?;
    for (one, other) in [(&others[0], &others[1]), (&others[1], &others[0])] {
        let mut browser = Browser::at(one, &world.realm.issuer);
        browser.set_cookie("__Host-woad", there.cookie("__Host-woad"));
        let page = browser.open(&application.authorize(SCOPE, &[("prompt", "none")])).await?;
        ensure!(!page.parameter("code").is_empty(), "not signed in: {page:?}");
        let again = Tokens::of(application.redeem(other, &page.parameter("code")).await?)?;
        other.get_as("/userinfo", &again.access).await?.expect(200)?;
    }
    // What the killed node gave is good, and good once.
    let redeemed = Tokens::of(application.redeem(&others[0], &code).await?)?;
    let refreshed = Tokens::of(application.refresh(&others[1], &tokens.refresh).await?)?;
    world.cluster.node_mut(leader)?.start(None)?;
    world.cluster.node_mut(leader)?.ready().await?;
    let back = &world.node(leader).https;
    for token in [&redeemed.access, &refreshed.access] {
        let seen = back.introspect(&world.client, token).await?;
        ensure!(seen.active() == Some(true), "at the node that is back: {}", seen.body);
    }
    let used = application.redeem(back, &code).await?;
    ensure!(used.status == 400 && used.error() == "invalid_grant", "{} {}", used.status, used.body);
    world.cluster.finish().await
}
