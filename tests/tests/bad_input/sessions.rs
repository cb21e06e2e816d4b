use anyhow::{Result, ensure};
use http::Method;
use woad_tests::{Browser, Form};

use crate::world::World;

const SCOPE: &str = "openid profile";
const SESSION: &str = "__Host-woad";

impl World {
    /// Posts a form with further headers, and without following.
    async fn posted(&self, browser: &Browser, form: &Form, headers: &[(&str, &str)]) -> Result<woad_tests::Answer> {
        let https = &self.target().https;
        let mut request =
            https.request(Method::POST, &form.action).form(&form.fields).header("cookie", browser.cookies());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        https.send(request).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_somebody_planted_is_not_the_one_that_signs_in() -> Result<()> {
    let world = World::new().await?;
    let person = world.person("alice").await?;
    let application = world.application("portal").await?;

    let planted = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";
    let mut browser = world.browser();
    browser.set_cookie(SESSION, planted);
    let page = application.visit(&mut browser, &person, SCOPE).await?;
    ensure!(!page.parameter("code").is_empty(), "{page:?}");
    let first = browser.cookie(SESSION).to_owned();
    ensure!(!first.is_empty() && first != planted, "the planted session signs in");
    for place in 0..3 {
        let mut other = Browser::at(&world.cluster.nodes[place].https, &world.realm.issuer);
        other.set_cookie(SESSION, planted);
        let page = other.open(&application.authorize(SCOPE, &[("prompt", "none")])).await?;
        ensure!(page.parameter("error") == "login_required", "node {}: {page:?}", place + 1);
    }

    // Signing in again gives another session, and the one before is over at every node.
    let page = browser.open(&application.authorize(SCOPE, &[("prompt", "login")])).await?;
    let page = browser.log_in(page, &person.user_name, &person.password).await?;
    let page = browser.approve(page).await?;
    ensure!(!page.parameter("code").is_empty(), "{page:?}");
    ensure!(browser.cookie(SESSION) != first, "the session was not changed at sign-in");
    for place in 0..3 {
        let mut other = Browser::at(&world.cluster.nodes[place].https, &world.realm.issuer);
        other.set_cookie(SESSION, &first);
        let page = other.open(&application.authorize(SCOPE, &[("prompt", "none")])).await?;
        ensure!(page.parameter("error") == "login_required", "node {}: {page:?}", place + 1);
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_of_others_and_huge_forms_are_refused() -> Result<()> {
    let mut world = World::new().await?;
    let person = world.person("alice").await?;
    let application = world.application("portal").await?;
    let (mut browser, mut other) = (world.browser(), world.browser());
    let page = browser.open(&application.authorize(SCOPE, &[])).await?;
    let form = page.form("password")?.with("username", &person.user_name).with("password", &person.password);
    let elsewhere = other.open(&application.authorize(SCOPE, &[])).await?.form("password")?;
    let hidden: Vec<(String, String)> = form.fields.iter().filter(|(_, value)| value.len() > 40).cloned().collect();
    ensure!(!hidden.is_empty(), "the login form has no token");

    let answer = world.posted(&browser, &form.clone().without("csrf"), &[]).await?;
    world.row("without its token", signed_nobody_in(&answer), &format!("{} {}", answer.status, answer.body));
    for (name, value) in &hidden {
        let answer = world.posted(&browser, &form.clone().with(name, &format!("{value}A")), &[]).await?;
        world.row(&format!("another {name}"), signed_nobody_in(&answer), &format!("{} {}", answer.status, answer.body));
    }
    let mixed = elsewhere.with("username", &person.user_name).with("password", &person.password);
    let answer = world.posted(&browser, &mixed, &[]).await?;
    world.row("the form of another browser", signed_nobody_in(&answer), &format!("{} {}", answer.status, answer.body));
    // (`Origin: null` is what browsers send from pages that leave no referrer, as ours.)
    for (name, value) in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")] {
        let answer = world.posted(&browser, &form, &[(name, value)]).await?;
        world.row(
            &format!("{name}: {value}"),
            signed_nobody_in(&answer),
            &format!("{} {}", answer.status, answer.body),
        );
    }
    let huge = form.clone().with("password", &"p".repeat(1 << 20));
    world.answered("1 MiB", &world.posted(&browser, &huge, &[]).await?, 413, "");
    let long = form.clone().with("password", &"p".repeat(10 * 1_024));
    let answer = world.posted(&browser, &long, &[]).await?;
    world.row("a password of 10 KiB", signed_nobody_in(&answer), &answer.status.to_string());
    let long = form.clone().with("username", &"u".repeat(10 * 1_024));
    let answer = world.posted(&browser, &long, &[]).await?;
    world.row("a name of 10 KiB", signed_nobody_in(&answer), &answer.status.to_string());
    let https = world.target().https.clone();
    let json = https.request(Method::POST, "/login").header("content-type", "application/json").body("{}");
    world.answered("JSON", &https.send(json).await?, 415, "");

    // The form itself is good.
    let page = browser.submit(&form).await?;
    let page = browser.approve(page).await?;
    ensure!(!page.parameter("code").is_empty(), "{page:?}");
    world.finish().await
}

fn signed_nobody_in(answer: &woad_tests::Answer) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let session =
        cookies.into_iter().any(|cookie| cookie.starts_with(&format!("{SESSION}=")) && !cookie.contains("Max-Age=0"));
    matches!(answer.status, 200 | 400 | 403 | 422) && !session
}
