use anyhow::Result;
use woad_tests::{Browser, Tokens, VERIFIER};

use crate::world::World;

const SCOPE: &str = "openid profile offline_access";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_or_refresh_token_that_is_not_exactly_right_is_an_invalid_grant() -> Result<()> {
    let mut world = World::new().await?;
    let person = world.person("alice").await?;
    let (application, other) = (world.application("portal").await?, world.application("other").await?);
    let https = world.target().https.clone();
    let mut browser: Browser = world.browser();
    let redirect = application.redirect_uri.clone();
    let long = "x".repeat(64);

    // Each row gets a code of its own: a wrong proof may end it.
    let rows: [(&str, Vec<(&str, &str)>); 6] = [
        ("another redirect_uri", vec![("redirect_uri", "https://other.test/callback"), ("code_verifier", VERIFIER)]),
        ("no redirect_uri", vec![("code_verifier", VERIFIER)]),
        ("another verifier", vec![("redirect_uri", &redirect), ("code_verifier", &long)]),
        ("no verifier", vec![("redirect_uri", &redirect)]),
        ("a short verifier", vec![("redirect_uri", &redirect), ("code_verifier", &VERIFIER[..42])]),
        ("the challenge", vec![("redirect_uri", &redirect), ("code_verifier", woad_tests::CHALLENGE)]),
    ];
    for (name, further) in rows {
        let code = application.code(&mut browser, &person, SCOPE).await?;
        let form = [vec![("grant_type", "authorization_code"), ("code", &code)], further].concat();
        let answer = application.token(&https, &form).await?;
        world.answered(name, &answer, 400, "invalid_grant");
    }

    // A verifier where the request had no challenge.
    let page =
        browser.open(&application.authorize(SCOPE, &[("code_challenge", ""), ("code_challenge_method", "")])).await?;
    let page = browser.approve(page).await?;
    let code = page.parameter("code");
    world.row("a code without PKCE", !code.is_empty(), &format!("{page:?}"));
    world.answered("a verifier for nothing", &application.redeem(&https, &code).await?, 400, "invalid_grant");

    let code = application.code(&mut browser, &person, SCOPE).await?;
    for (name, code) in [
        ("cut", &code[..code.len() - 1]),
        ("longer", &format!("{code}A")),
        ("upper case", &code.to_uppercase()),
        ("of SQL", "' OR 1=1 --"),
        ("of nothing known", &"A".repeat(code.len())),
    ] {
        world.answered(name, &application.redeem(&https, code).await?, 400, "invalid_grant");
    }
    let answer = application.redeem(&https, &"A".repeat(1 << 20)).await?;
    world.row("of 1 MiB", matches!(answer.status, 400 | 413), &answer.status.to_string());
    world.answered("of another client", &other.redeem(&https, &code).await?, 400, "invalid_grant");
    let tokens = Tokens::of(application.redeem(&https, &code).await?)?;

    let refresh = tokens.refresh.as_str();
    for (name, token) in [
        ("refresh: cut", &refresh[..refresh.len() - 1]),
        ("refresh: longer", &format!("{refresh}A")),
        ("refresh: an access token", &tokens.access),
        ("refresh: an ID token", &tokens.id),
        ("refresh: an unsigned token", "eyJhbGciOiJub25lIn0.eyJqdGkiOiJ4In0."),
    ] {
        world.answered(name, &application.refresh(&https, token).await?, 400, "invalid_grant");
    }
    world.answered("refresh: of another client", &other.refresh(&https, refresh).await?, 400, "invalid_grant");
    for (scope, error) in [("openid email", "invalid_scope"), ("openid \u{1}", "invalid_request")] {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
        world.answered(scope, &application.token(&https, &form).await?, 400, error);
    }
    // None of this has ended it.
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "openid")];
    let narrowed = application.token(&https, &form).await?.expect(200)?.json()?;
    world.row("narrowed", narrowed["scope"] == "openid", &narrowed.to_string());
    world.finish().await
}
