//! F55: two hundred people sign in at once.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use http::Method;
use tokio::task::JoinSet;
use woad_tests::{Application, Browser, Kind, PASSWORD, Person};

use crate::world::World;

const LOGINS: usize = 200;

async fn p99(world: &World, token: &str, until: impl Fn() -> bool) -> Result<(Duration, usize)> {
    let mut took = Vec::new();
    while took.len() < 100 || !until() {
        let start = Instant::now();
        let answer = world.target().https.introspect(&world.client, token).await?;
        ensure!(answer.active() == Some(true), "{} {}", answer.status, answer.body);
        took.push(start.elapsed());
    }
    took.sort();
    Ok((took[took.len() * 99 / 100], took.len()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_logins_at_once_leave_introspection_alone() -> Result<()> {
    let world = World::new().await?;
    let (admin, node) = (&world.cluster.nodes[0].admin, world.target().https.clone());
    let portal = Application::register(admin, &world.realm, "portal", Kind::Confidential).await?;
    world.cluster.secret(&portal.client.secret);
    world.cluster.secret(PASSWORD);
    let token = node.token(&world.client).await?;
    let (alone, _) = p99(&world, &token, || true).await?;

    let mut forms = Vec::new();
    for number in 0..LOGINS {
        if number < 20 {
            Person::create(admin, &world.realm, &format!("person-{number}")).await?;
        }
        let mut browser = Browser::at(&node, &world.realm.issuer);
        let page = browser.open(&portal.authorize("openid", &[])).await?;
        let name = format!("person-{}", number % 20);
        let form = page.form("password")?.with("username", &name).with("password", PASSWORD);
        forms.push((browser, form));
    }
    let mut logins = JoinSet::new();
    for (mut browser, form) in forms {
        logins.spawn(async move { browser.fetch(Method::POST, &form.action, Some(&form.fields)).await });
    }
    let statuses = tokio::spawn(async move {
        let mut seen = std::collections::BTreeMap::<u16, usize>::new();
        while let Some(done) = logins.join_next().await {
            // A caller that gave up waiting has no answer.
            let status = done.ok().and_then(Result::ok).map_or(0, |answer| answer.status);
            *seen.entry(status).or_default() += 1;
        }
        seen
    });
    let (beside, asked) = p99(&world, &token, || statuses.is_finished()).await?;
    let statuses = statuses.await?;
    println!("p99 of introspection: {alone:?} alone, {beside:?} of {asked} beside {LOGINS} logins: {statuses:?}");
    let name = "woad_password_hashes_total";
    let computed = world.counted(name, &[("outcome", "computed")]).await?;
    let refused = world.counted(name, &[("outcome", "refused")]).await?;
    println!("{computed} hashes computed, {refused} refused");
    ensure!(
        statuses.keys().all(|status| matches!(status, 0 | 200 | 303 | 400 | 401 | 403 | 429 | 503)),
        "{statuses:?}"
    );
    ensure!(computed > 0.0 && asked >= 100, "{computed} {asked}");
    let waiting = world.counted("woad_password_queue_length", &[]).await?;
    ensure!(waiting <= 64.0, "{waiting} wait");
    world.finish().await
}
