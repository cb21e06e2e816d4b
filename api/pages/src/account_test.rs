//! The account page and one-time links, over HTTP.

use std::time::Duration;

use woad_identity::client::ClientPatch;
use woad_identity::link::LinkKind;
use woad_identity::opaque::TokenHash;
use woad_identity::realm::{self, RealmPatch};
use woad_identity::session::SessionId;
use woad_identity::{Actor, password};

use crate::testing::{Browser, CALLBACK, PASSWORD, World, vo};

const NEW: &str = "a new sentence of words";

#[tokio::test]
async fn one_session_is_ended_from_another() {
    let world = World::new();
    let (here, there) = (world.signed_in("alice").await, world.signed_in("alice").await);
    let stranger = world.signed_in("bob").await;
    let page = here.get("/account").await;
    assert!(page.says("You are signed in at 2 places."));
    let elements = page.page();
    let ids: Vec<&str> =
        elements.iter().filter(|e| e.get("name") == Some("session")).filter_map(|e| e.get("value")).collect();
    assert_eq!(ids.len(), 2);
    let foreign = stranger.get("/account").await.field("csrf");
    for id in &ids {
        let answer = stranger.post("/account/sessions/end", &[("csrf", &foreign), ("session", id)]).await;
        assert_eq!(answer.location(), "/account?done=session");
    }
    assert!(here.get("/account").await.says("You are signed in at 2 places."), "a stranger ends none of them");
    let csrf = page.field("csrf");
    let id = |browser: &Browser<'_>| {
        let token = browser.jar.borrow()["__Host-woad"].clone();
        SessionId::of(&TokenHash::of_presented(&token).unwrap()).to_string()
    };
    let (other, own) = (id(&there), id(&here));
    assert!(ids.contains(&other.as_str()) && ids.contains(&own.as_str()));
    let answer = here.post("/account/sessions/end", &[("csrf", &csrf), ("session", &other)]).await;
    assert!(here.get(answer.location()).await.says("The session is ended."));
    assert_eq!(there.get("/account").await.location(), "/login");
    let answer = here.post("/account/sessions/end", &[("csrf", &csrf), ("session", &own)]).await;
    assert_eq!(answer.location(), "/login?done=logout");
    assert_eq!(here.get("/account").await.location(), "/login");
    assert_eq!(stranger.get("/account").await.status, 200);
}

#[tokio::test]
async fn all_sessions_are_ended_at_once() {
    let world = World::new();
    let (here, there) = (world.signed_in("alice").await, world.signed_in("alice").await);
    let csrf = here.get("/account").await.field("csrf");
    let answer = here.post("/account/sessions/end-all", &[("csrf", &csrf)]).await;
    assert_eq!(answer.location(), "/login?done=logout");
    assert_eq!(there.get("/account").await.location(), "/login");
}

#[tokio::test]
async fn every_form_of_the_account_page_needs_its_proof() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let foreign = world.signed_in("bob").await.get("/account").await.field("csrf");
    for path in ["/account/sessions/end", "/account/sessions/end-all", "/account/approvals/remove", "/account/password"]
    {
        for csrf in ["", "x", &foreign] {
            assert_eq!(browser.post(path, &[("csrf", csrf)]).await.status, 403, "{path} {csrf}");
        }
    }
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_changed_password_ends_everything_else() {
    let world = World::new();
    let (here, there) = (world.signed_in("alice").await, world.signed_in("alice").await);
    let csrf = here.get("/account").await.field("csrf");
    let change =
        |current, new, again| vec![("csrf", csrf.as_str()), ("current", current), ("password", new), ("again", again)];
    for (fields, status, words) in [
        (change("", NEW, NEW), 400, "Enter your current password."),
        (change(PASSWORD, "", ""), 400, "Enter a new password."),
        (change(PASSWORD, NEW, "another sentence"), 400, "The two new passwords are not the same."),
        (change(PASSWORD, "short", "short"), 400, "it needs at least 8 characters."),
        (change(PASSWORD, "password123", "password123"), 400, "one of those that are tried first"),
        (change(PASSWORD, "alice123456", "alice123456"), 400, "too close to your user name"),
        (change("wrong horse battery", NEW, NEW), 403, "The current password is not right."),
    ] {
        let answer = here.post("/account/password", &fields).await;
        assert_eq!(answer.status, status, "{words}");
        assert!(answer.says(words), "{words}: {}", answer.text);
        assert!(!answer.text.contains(NEW) && !answer.text.contains(PASSWORD), "no password comes back");
    }
    let answer = here.post("/account/password", &change(PASSWORD, NEW, NEW)).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/login?done=password"));
    assert_eq!(there.get("/account").await.location(), "/login");
    assert_eq!(here.sign_in("/login?done=password", "alice", PASSWORD).await.status, 403);
    assert_eq!(here.sign_in("/login", "alice", NEW).await.status, 303);
}

#[tokio::test]
async fn guesses_at_the_current_password_are_delayed() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let csrf = browser.get("/account").await.field("csrf");
    let guess = [("csrf", csrf.as_str()), ("current", "wrong horse"), ("password", NEW), ("again", NEW)];
    for _ in 0..6 {
        assert_eq!(browser.post("/account/password", &guess).await.status, 403);
    }
    let answer = browser.post("/account/password", &guess).await;
    assert_eq!(answer.status, 429);
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_long_password_is_refused_before_it_is_hashed() {
    let world = World::new();
    let path = world.link(1, LinkKind::SetPassword);
    let long = "x".repeat(password::MAX_PASSWORD_BYTES + 1);
    let answer = world.browser().fill(&path, &[("password", &long), ("again", &long)]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.says("The password is too long."));
}

/// LG15, A-16.
#[tokio::test]
async fn a_link_sets_a_password_once_and_looking_at_it_uses_nothing_up() {
    let world = World::new();
    let session = world.signed_in("alice").await;
    let path = world.link(1, LinkKind::FirstAdministrator);
    let browser = world.browser();
    for _ in 0..3 {
        let page = browser.get(&path).await;
        assert!(page.says("Welcome, first administrator") && page.says("alice"));
    }
    assert_eq!(browser.post(&path, &[("password", NEW), ("again", NEW)]).await.status, 403);
    let answer = browser.fill(&path, &[("password", NEW), ("again", "x")]).await;
    assert_eq!(answer.status, 400);
    let answer = browser.fill(&path, &[("password", NEW), ("again", NEW)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/login?done=password"));
    assert!(browser.get("/login?done=password").await.says("Your password is set."));
    assert_eq!(session.get("/account").await.location(), "/login", "the old sessions are over");
    for answer in [browser.get(&path).await, browser.post(&path, &[("password", NEW), ("again", NEW)]).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.says("This link works no more"));
    }
    assert_eq!(browser.sign_in("/login", "alice", NEW).await.status, 303);
}

#[tokio::test]
async fn links_end_and_unknown_ones_look_like_ended_ones() {
    let world = World::new();
    let path = world.link(2, LinkKind::SetPassword);
    let browser = world.browser();
    assert!(browser.get(&path).await.says("Set your password"));
    world.pass(Duration::from_secs(600));
    let ended = browser.get(&path).await;
    let unknown = browser.get(&format!("/link/{}", "a".repeat(43))).await;
    for answer in [&ended, &unknown, &browser.get("/link/x").await] {
        assert_eq!(answer.status, 410);
    }
}

#[tokio::test]
async fn a_realm_has_its_logo_on_every_page() {
    let world = World::new();
    let browser = world.browser();
    assert_eq!(browser.get("/ui/logo").await.status, 404);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01".to_vec();
    png.extend([8, 2, 0, 0, 0]);
    let patch = RealmPatch { logo: Some(png.clone()), ..RealmPatch::default() };
    world.decided(|tx| realm::update(tx, &vo(), &patch, None, &Actor::system())).unwrap();
    let page = browser.get("/login").await;
    let elements = page.page();
    let image = elements.iter().find(|element| element.name == "img").unwrap();
    assert_eq!(image.get("alt"), Some("Logo of The <Virtual> Organisation"));
    let logo = browser.get(image.get("src").unwrap()).await;
    assert_eq!((logo.status.as_u16(), logo.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    assert_eq!(logo.headers["cache-control"], "public, max-age=31536000, immutable");
}

/// What was approved for once, and what a program that anybody can imitate holds, goes on for weeks: it is there to be
/// seen, and to be taken back.
#[tokio::test]
async fn access_that_is_not_remembered_is_shown_and_withdrawn() {
    let native = "http://127.0.0.1:4711/cb";
    for (client, redirect_uri, method) in [("web", CALLBACK, "client_secret_basic"), ("native", native, "none")] {
        let world = World::new();
        let fields = ClientPatch {
            grant_types: Some(vec!["authorization_code".to_owned(), "refresh_token".to_owned()]),
            redirect_uris: Some(vec![redirect_uri.to_owned()]),
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some("openid offline_access storage.read:/data".to_owned()),
            ..ClientPatch::default()
        };
        world.client(client, fields);
        let (browser, stranger) = (world.signed_in("alice").await, world.signed_in("bob").await);
        assert!(browser.get("/account").await.says("There are none."));
        let scope = "openid offline_access storage.read:/data";
        let text = world.continuation(client, &[("redirect_uri", redirect_uri), ("scope", scope)]);
        let answer = browser.fill(&format!("/consent?continue={text}"), &[("remember", "none")]).await;
        let token = world.redeem(client, redirect_uri, &answer);
        assert!(world.refreshes(&token));

        let page = browser.get("/account").await;
        assert!(page.says(&format!("The <{client}>")) && page.says("It asks again the next time."), "{}", page.text);
        assert!(page.text.contains("read data in <bdi dir=\"auto\">/data</bdi>"));
        assert!(stranger.get("/account").await.says("There are none."));
        let withdraw = |csrf| [("csrf", csrf), ("client", client.to_owned())];
        let foreign = withdraw(stranger.get("/account").await.field("csrf"));
        let fields: Vec<(&str, &str)> = foreign.iter().map(|(name, value)| (*name, value.as_str())).collect();
        stranger.post("/account/approvals/remove", &fields).await;
        assert!(world.refreshes(&token), "nobody takes back another's");
        let own = withdraw(page.field("csrf"));
        let fields: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let gone = browser.post("/account/approvals/remove", &fields).await;
        assert_eq!(gone.location(), "/account?done=approval");
        assert!(!world.refreshes(&token));
        assert!(browser.get("/account").await.says("There are none."));
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_what_applications_hold() {
    let world = World::new();
    let fields = ClientPatch {
        grant_types: Some(vec!["authorization_code".to_owned(), "refresh_token".to_owned()]),
        scope: Some("openid offline_access".to_owned()),
        ..ClientPatch::default()
    };
    world.client("web", fields);
    let browser = world.signed_in("alice").await;
    let text = world.continuation("web", &[("scope", "openid offline_access")]);
    let answer = browser.fill(&format!("/consent?continue={text}"), &[("remember", "none")]).await;
    let token = world.redeem("web", CALLBACK, &answer);
    let csrf = browser.get("/account").await.field("csrf");
    browser.post("/account/sessions/end-all", &[("csrf", &csrf)]).await;
    assert!(!world.refreshes(&token));
}
