use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use tokio::task::JoinSet;
use woad_tests::{Browser, PASSWORD, Page, Person, eventually, forms};

use crate::world::{SCOPE, World};

/// Guesses in all.
const GUESSES: usize = 1_000;
/// Guesses at once.
const AT_ONCE: usize = 20;
/// Passwords that may be looked at meanwhile: five are free, then there is one at 1, 2, 4 ... s.
const LOOKED_AT: u64 = 20;
/// How long the delay may be after that.
const DELAY: Duration = Duration::from_secs(60);

/// A password at the login page, and what the page says then: the text people read.
async fn attempt(world: &World, mut browser: Browser, name: &str, password: &str) -> Result<Page> {
    let page = browser.open(&world.confidential.authorize(SCOPE, &[])).await?;
    browser.log_in(page, name, password).await
}

/// What a refused attempt looks like to the one who made it: status and page without what differs from page to page.
fn look_of(page: &Page) -> Result<(u16, String)> {
    let answer = page.answer()?;
    let mut body = answer.body.clone();
    for form in forms(&answer.body) {
        for (_, value) in &form.fields {
            if value.len() > 8 {
                body = body.replace(value.as_str(), "");
            }
        }
    }
    Ok((answer.status, body))
}

/// Passwords hashed for comparison, at all nodes so far.
async fn compared(world: &World) -> Result<u64> {
    let mut sum = 0;
    for node in &world.cluster.nodes {
        let text = node.admin.get("/metrics").await?.expect(200)?.body;
        let counters = text.lines().filter(|line| line.starts_with("woad_password_hashes_total"));
        for line in counters {
            let figure = line.rsplit(' ').next().context("no figure")?;
            sum += figure.parse::<u64>().with_context(|| line.to_owned())?;
        }
    }
    Ok(sum)
}

async fn guess(world: &World, name: &str) -> Result<()> {
    let mut guessing = JoinSet::new();
    for start in 0..AT_ONCE {
        // Each has a page of its own, at a node of its own, and keeps posting its form.
        let mut browser = Browser::at(world.https(start), &world.realm.issuer);
        let page = browser.open(&world.confidential.authorize(SCOPE, &[])).await?;
        let form = page.form("password")?.with("username", name);
        guessing.spawn(async move {
            for number in (start..GUESSES).step_by(AT_ONCE) {
                let form = form.clone().with("password", &format!("guess number {number}"));
                let answer = browser.fetch(Method::POST, &form.action, Some(&form.fields)).await?;
                ensure!(
                    matches!(answer.status, 200 | 400 | 401 | 403 | 429 | 503),
                    "{} {}",
                    answer.status,
                    answer.body
                );
            }
            Ok(())
        });
    }
    while let Some(done) = guessing.join_next().await {
        done??;
    }
    Ok(())
}

async fn signs_in(world: &World, browser: &mut Browser, person: &Person) -> Result<bool> {
    let page = world.confidential.visit(browser, person, SCOPE).await?;
    Ok(!page.parameter("code").is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guesses_at_three_nodes_are_one_stream_and_lock_no_known_device_out() -> Result<()> {
    let world = World::new().await?;
    let person = world.person(0, "alice").await?;
    let mut own = world.browser();
    ensure!(signs_in(&world, &mut own, &person).await?, "the owner can't sign in before");
    own.set_cookie("__Host-woad", "");

    let before = compared(&world).await?;
    guess(&world, &person.user_name).await?;
    let looked_at = compared(&world).await? - before;
    ensure!(looked_at > 0, "the metric counts nothing");
    ensure!(looked_at <= LOOKED_AT, "{looked_at} of {GUESSES} guesses were looked at");

    // While it is locked, the right password is answered as a wrong one is: guessing on teaches nothing. A lock that has
    // just begun is longer than what follows.
    let counted = compared(&world).await?;
    let locked_again = async || {
        attempt(&world, world.browser(), &person.user_name, "one more guess").await.ok()?;
        (compared(&world).await.ok()? > counted).then_some(())
    };
    eventually("the delay is over", DELAY, locked_again).await?;
    let wrong = look_of(&attempt(&world, world.browser(), &person.user_name, "another guess").await?)?;
    let right = look_of(&attempt(&world, world.browser(), &person.user_name, PASSWORD).await?)?;
    ensure!(wrong == right, "a locked account tells: {wrong:?} {right:?}");

    ensure!(signs_in(&world, &mut own, &person).await?, "the owner's own device is locked out");
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_learns_from_the_login_page_who_exists() -> Result<()> {
    let world = World::new().await?;
    let (known, suspended) = (world.person(0, "alice").await?, world.person(1, "bobby").await?);
    world.scim_at(0).set_active(&suspended, false).await?;
    let mut looks = Vec::new();
    for (name, password) in [
        (known.user_name.as_str(), "wrong password 1"),
        ("carol", "wrong password 1"),
        (&suspended.user_name, "wrong password 1"),
        (&suspended.user_name, PASSWORD),
    ] {
        let (status, body) = look_of(&attempt(&world, world.browser(), name, password).await?)?;
        looks.push((status, body.replace(name, "NAME")));
    }
    for look in &looks {
        ensure!(look == &looks[0], "told apart: {looks:?}");
    }
    world.cluster.finish().await
}
